/* Modules that come and go, and the locations in them. The shared objects are made here. */
#include "../support/unit.h"

#include "record/unwind_rule.h"
#include "snapshot/locations.h"
#include "snapshot/modules.h"
#include "store/epoch.h"
#include "store/site_table.h"

#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/auxv.h>
#include <unistd.h>

#define SHOWN __attribute__((visibility("default"), noinline))

static char folder[] = "/tmp/test_modules.XXXXXX";

/* Two objects of the same shape, with a function of another name each. */
static int prepare(void **state)
{
    char command[1024];

    (void)state;
    if (mkdtemp(folder) == NULL)
        return -1;
    snprintf(command, sizeof(command),
             "cd %s && printf 'int FUNCTION(int x) { return x + 1; }\\n' > object.c && "
             "cc -O1 -shared -fPIC -DFUNCTION=work_of_a -Wl,--build-id=0xaaaa object.c -o a.so && "
             "cc -O1 -shared -fPIC -DFUNCTION=work_of_b -Wl,--build-id=0xbbbb object.c -o b.so",
             folder);
    return system(command);
}

static int clean_up(void **state)
{
    char command[256];

    (void)state;
    snprintf(command, sizeof(command), "rm -rf %s", folder);
    return system(command);
}

static void *load(const char *name, const char *function, uintptr_t *ret_pc)
{
    char path[256];
    void *object;

    snprintf(path, sizeof(path), "%s/%s", folder, name);
    object = dlopen(path, RTLD_NOW);
    assert_non_null(object);
    *ret_pc = (uintptr_t)dlsym(object, function);
    assert_int_not_equal(*ret_pc, 0);
    return object;
}

SHOWN void function_of_the_program(void)
{
    __asm__ volatile("nop\nnop\nnop\nnop");
}

static void assert_module(uintptr_t pc, uint32_t epoch, const char *name)
{
    const struct module *module = modules_find(pc, epoch);
    size_t len;

    assert_non_null(module);
    len = strlen(module->path);
    assert_true(len >= strlen(name));
    assert_string_equal(module->path + len - strlen(name), name);
}

static void the_program_libc_and_the_vdso_are_modules(void **state)
{
    uintptr_t vdso = getauxval(AT_SYSINFO_EHDR);

    (void)state;
    assert_null(modules_find((uintptr_t)function_of_the_program, 0));
    assert_null(modules_program());
    assert_int_equal(modules_refresh(), 0);
    assert_module((uintptr_t)function_of_the_program, epoch_module(), "test_modules");
    assert_ptr_equal(modules_find((uintptr_t)function_of_the_program, 0), modules_program());
    assert_module((uintptr_t)dlsym(RTLD_DEFAULT, "lfind"), epoch_module(), "/libc.so.6");
    assert_int_not_equal(vdso, 0);
    assert_module(vdso, epoch_module(), "[vdso]");
    assert_null(modules_find((uintptr_t)&vdso, epoch_module()));
    assert_null(modules_find(0, epoch_module()));
}

static void a_module_s_addresses_lead_to_its_file(void **state)
{
    uintptr_t pc;
    void *object = load("a.so", "work_of_a", &pc);
    const struct module *module;

    (void)state;
    assert_int_equal(modules_refresh(), 0);
    module = modules_find(pc, epoch_module());
    assert_module(pc, epoch_module(), "/a.so");
    assert_int_equal(module->n_segments, 1);
    assert_in_range(pc, module->segments[0].start, module->segments[0].limit - 1);
    assert_int_equal(module->segments[0].start % 4096, 0);
    assert_int_equal(module->build_id_len, 2);
    assert_memory_equal(module->build_id, "\xaa\xaa", 2);
    assert_int_equal(dlclose(object), 0);
}

static unsigned gone_calls;
static uintptr_t gone_start, gone_limit;

static void note_gone(uintptr_t start, uintptr_t limit)
{
    gone_calls++;
    gone_start = start;
    gone_limit = limit;
}

static void what_was_unloaded_is_told_of_and_still_known(void **state)
{
    uintptr_t pc;
    void *object = load("a.so", "work_of_a", &pc);
    uint32_t epoch;

    (void)state;
    assert_int_equal(modules_refresh(), 0);
    epoch = epoch_module();
    assert_int_equal(dlclose(object), 0);
    modules_set_gone(note_gone);
    gone_calls = 0;
    assert_int_equal(modules_refresh(), 0);
    modules_set_gone(NULL);
    assert_int_equal(gone_calls, 1);
    assert_in_range(pc, gone_start, gone_limit - 1);
    assert_int_equal(epoch_module(), epoch);
    assert_module(pc, epoch, "/a.so");
}

static void a_module_that_comes_back_to_its_place_is_the_same(void **state)
{
    uintptr_t pc, again;
    void *object = load("a.so", "work_of_a", &pc);
    const struct module *module;

    (void)state;
    assert_int_equal(modules_refresh(), 0);
    module = modules_find(pc, epoch_module());
    assert_int_equal(dlclose(object), 0);
    assert_int_equal(modules_refresh(), 0);
    object = load("a.so", "work_of_a", &again);
    assert_int_equal(modules_refresh(), 0);
    /* Nothing was mapped meanwhile, so the kernel gives the same place again. */
    assert_int_equal(again, pc);
    assert_ptr_equal(modules_find(pc, epoch_module()), module);
    assert_int_equal(dlclose(object), 0);
}

static void intern(uintptr_t pc)
{
    struct stack stack = {.pcs = &pc, .depth = 1, .epoch = epoch_module()};

    assert_non_null(site_table_intern(KIND_HEAP, &stack));
}

/* Where another module takes the place of one, stacks from before are named by the old one and those from then on by the new. */
static void another_module_in_the_same_place_begins_an_epoch(void **state)
{
    uintptr_t pc, other;
    void *object = load("a.so", "work_of_a", &pc);
    uint32_t before;

    (void)state;
    assert_int_equal(modules_refresh(), 0);
    before = epoch_module();
    intern(pc);
    assert_int_equal(dlclose(object), 0);
    assert_int_equal(modules_refresh(), 0);
    object = load("b.so", "work_of_b", &other);
    assert_int_equal(other, pc);
    assert_int_equal(modules_refresh(), 0);
    assert_int_equal(epoch_module(), before + 1);
    intern(pc);
    assert_module(pc, before, "/a.so");
    assert_module(pc, epoch_module(), "/b.so");
    assert_int_equal(locations_update(true), 0);
    assert_string_equal(locations_find(pc, before)->function, "work_of_a");
    assert_string_equal(locations_find(pc, epoch_module())->function, "work_of_b");
    assert_ptr_equal(locations_find(pc, before)->module, modules_find(pc, before));
    assert_module((uintptr_t)function_of_the_program, before, "test_modules");
    assert_module((uintptr_t)function_of_the_program, epoch_module(), "test_modules");
    modules_set_gone(note_gone);
    gone_calls = 0;
    assert_int_equal(modules_refresh(), 0);
    modules_set_gone(NULL);
    /* The place is the new one's now: nothing there has gone. */
    assert_int_equal(gone_calls, 0);
    assert_int_equal(dlclose(object), 0);
}

static void locations_are_found_and_named_once(void **state)
{
    uintptr_t pcs[] = {(uintptr_t)function_of_the_program + 1, 0x1234};
    struct stack stack = {.pcs = pcs, .depth = 2, .epoch = epoch_module()};
    const struct location *location;

    (void)state;
    assert_null(locations_find(pcs[0], epoch_module()));
    assert_non_null(site_table_intern(KIND_HEAP, &stack));
    assert_null(locations_find(pcs[0], epoch_module()));
    assert_int_equal(locations_update(false), 0);
    location = locations_find(pcs[0], epoch_module());
    assert_non_null(location);
    assert_null(location->function);
    assert_int_equal(locations_update(true), 0);
    assert_ptr_equal(locations_find(pcs[0], epoch_module()), location);
    assert_string_equal(location->function, "function_of_the_program");
    assert_int_equal(location->pc, pcs[0]);
    assert_ptr_equal(location->module, modules_find(pcs[0], epoch_module()));
    location = locations_find(0x1234, epoch_module());
    assert_null(location->module);
    assert_null(location->function);
    assert_null(locations_find(pcs[0] + 1, epoch_module()));
    assert_null(locations_find(pcs[0], epoch_module() + 1));
}

static void after_a_fork_locations_are_found_anew(void **state)
{
    uintptr_t pc = (uintptr_t)function_of_the_program + 1;

    (void)state;
    locations_after_fork();
    modules_after_fork();
    assert_null(locations_find(pc, epoch_module()));
    assert_int_equal(modules_refresh(), 0);
    assert_int_equal(locations_update(true), 0);
    assert_string_equal(locations_find(pc, epoch_module())->function, "function_of_the_program");
}

/* Addresses in no order, many in each of several modules. */
static void each_of_very_many_locations_gets_its_own_name(void **state)
{
    static const char *const names[] = {"lfind", "getpid", "l64a", "ecvt", "hcreate", "insque"};
    uint64_t seed = 4;

    (void)state;
    for (int i = 0; i < 20000; i++) {
        uintptr_t pc = (uintptr_t)dlsym(RTLD_DEFAULT, names[random_next(&seed) % ARRAY_LEN(names)]);

        intern(pc + random_next(&seed) % 8);
    }
    assert_int_equal(locations_update(true), 0);
    for (size_t i = 0; i < ARRAY_LEN(names); i++)
        for (uintptr_t offset = 0; offset < 8; offset++) {
            const struct location *location = locations_find((uintptr_t)dlsym(RTLD_DEFAULT, names[i]) + offset, epoch_module());

            assert_non_null(location);
            assert_non_null(location->function);
            assert_non_null(strstr(location->function, names[i]));
        }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_program_libc_and_the_vdso_are_modules),
        cmocka_unit_test(a_module_s_addresses_lead_to_its_file),
        cmocka_unit_test(what_was_unloaded_is_told_of_and_still_known),
        cmocka_unit_test(a_module_that_comes_back_to_its_place_is_the_same),
        cmocka_unit_test(another_module_in_the_same_place_begins_an_epoch),
        cmocka_unit_test(locations_are_found_and_named_once),
        cmocka_unit_test(after_a_fork_locations_are_found_anew),
        cmocka_unit_test(each_of_very_many_locations_gets_its_own_name),
    };

    return cmocka_run_group_tests(tests, prepare, clean_up);
}
