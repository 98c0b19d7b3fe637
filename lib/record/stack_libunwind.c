/* libunwind behind accessors of our own. Owns libunwind's address space and the count of walks under way; called by
   record/stack. The only file that includes libunwind. */
#include "record/stack_libunwind.h"

#include "base/sys.h"
#include "record/cfi.h"

#include <dlfcn.h>
#include <errno.h>
#include <libunwind-x86_64.h>
#include <stdbool.h>
#include <stddef.h>
#include <string.h>

#define MODULE_TABLE_HEADER 12 /* of .eh_frame_hdr: version, encodings, the address of .eh_frame, the number of rows */

/* Part of libunwind's interface to its table search, though in none of its installed headers. */
int _Ux86_64_dwarf_search_unwind_table(unw_addr_space_t as, unw_word_t ip, unw_dyn_info_t *di, unw_proc_info_t *pi,
                                       int need_unwind_info, void *arg);

struct walk {
    const struct stack_libunwind_visitor *visitor;
    uintptr_t regs[UNW_X86_64_RIP + 1];
    uintptr_t module, module_end; /* of the frame that it is in */
};

static unw_addr_space_t address_space;
static unsigned walks; /* under way, in all threads */

static int find_proc_info(unw_addr_space_t as, unw_word_t ip, unw_proc_info_t *ret_info, int need_unwind_info, void *arg)
{
    struct walk *walk = arg;
    struct dl_find_object object;
    unw_dyn_info_t table = {.format = UNW_INFO_FORMAT_REMOTE_TABLE};
    uint32_t rows;

    if (_dl_find_object((void *)ip, &object) != 0 || object.dlfo_eh_frame == NULL)
        return -UNW_ENOINFO;
    walk->module = (uintptr_t)object.dlfo_map_start;
    walk->module_end = (uintptr_t)object.dlfo_map_end;
    memcpy(&rows, (const char *)object.dlfo_eh_frame + 8, sizeof(rows));
    table.start_ip = (unw_word_t)object.dlfo_map_start;
    table.end_ip = (unw_word_t)object.dlfo_map_end;
    table.u.rti.segbase = (unw_word_t)object.dlfo_eh_frame;
    table.u.rti.table_data = (unw_word_t)object.dlfo_eh_frame + MODULE_TABLE_HEADER;
    table.u.rti.table_len = rows * 8ul / sizeof(unw_word_t);
    return _Ux86_64_dwarf_search_unwind_table(as, ip, &table, ret_info, need_unwind_info, arg);
}

static void put_unwind_info(unw_addr_space_t as, unw_proc_info_t *info, void *arg)
{
    (void)as, (void)info, (void)arg;
}

static int get_dyn_info_list(unw_addr_space_t as, unw_word_t *ret_list, void *arg)
{
    (void)as, (void)ret_list, (void)arg;
    return -UNW_ENOINFO;
}

/* The tables that libunwind reads lie in mapped modules, the rest on the stack. */
static int access_memory(unw_addr_space_t as, unw_word_t addr, unw_word_t *word, int write, void *arg)
{
    const struct walk *walk = arg;
    struct dl_find_object object;
    uintptr_t value;

    (void)as;
    if (write)
        return -UNW_EINVAL;
    if (addr - walk->module < walk->module_end - walk->module || _dl_find_object((void *)addr, &object) == 0) {
        memcpy(word, (const void *)addr, sizeof(*word));
        return 0;
    }
    if (!walk->visitor->read(walk->visitor->context, addr, &value))
        return -UNW_EINVAL;
    *word = value;
    return 0;
}

static int access_register(unw_addr_space_t as, unw_regnum_t reg, unw_word_t *value, int write, void *arg)
{
    const struct walk *walk = arg;

    (void)as;
    if (write || reg < 0 || reg >= (int)(sizeof(walk->regs) / sizeof(walk->regs[0])))
        return -UNW_EBADREG;
    *value = walk->regs[reg];
    return 0;
}

static int access_float_register(unw_addr_space_t as, unw_regnum_t reg, unw_fpreg_t *value, int write, void *arg)
{
    (void)as, (void)reg, (void)value, (void)write, (void)arg;
    return -UNW_EBADREG;
}

static int resume(unw_addr_space_t as, unw_cursor_t *cursor, void *arg)
{
    (void)as, (void)cursor, (void)arg;
    return -UNW_EINVAL;
}

static int get_proc_name(unw_addr_space_t as, unw_word_t addr, char *buf, size_t len, unw_word_t *ret_offset, void *arg)
{
    (void)as, (void)addr, (void)buf, (void)len, (void)ret_offset, (void)arg;
    return -UNW_ENOINFO;
}

/* When libunwind starts, it makes a pipe to probe addresses with in its local interface, which is not used here. The linker
   sends that call to this function (--wrap): the program's descriptors stay its own. */
int __wrap_pipe2(int *fds, int flags);

int __wrap_pipe2(int *fds, int flags)
{
    (void)fds, (void)flags;
    return -1;
}

void stack_libunwind_init(void)
{
    static unw_accessors_t accessors = {
        .find_proc_info = find_proc_info,
        .put_unwind_info = put_unwind_info,
        .get_dyn_info_list_addr = get_dyn_info_list,
        .access_mem = access_memory,
        .access_reg = access_register,
        .access_fpreg = access_float_register,
        .resume = resume,
        .get_proc_name = get_proc_name,
    };
    unw_addr_space_t as = unw_create_addr_space(&accessors, 0);

    if (as != NULL)
        unw_set_caching_policy(as, UNW_CACHE_NONE);
    __atomic_store_n(&address_space, as, __ATOMIC_RELEASE);
}

/* The registers that a function must preserve, and the place of this function: all that unwinding needs. */
static inline __attribute__((always_inline)) void read_registers(uintptr_t *regs)
{
    __asm__ volatile("movq %%rbx, %c[rbx](%[regs])\n\t"
                     "movq %%rbp, %c[rbp](%[regs])\n\t"
                     "movq %%rsp, %c[rsp](%[regs])\n\t"
                     "movq %%r12, %c[r12](%[regs])\n\t"
                     "movq %%r13, %c[r13](%[regs])\n\t"
                     "movq %%r14, %c[r14](%[regs])\n\t"
                     "movq %%r15, %c[r15](%[regs])\n\t"
                     "leaq 0(%%rip), %%rax\n\t"
                     "movq %%rax, %c[rip](%[regs])"
                     :
                     : [regs] "r"(regs), [rbx] "i"(8 * UNW_X86_64_RBX), [rbp] "i"(8 * UNW_X86_64_RBP),
                       [rsp] "i"(8 * UNW_X86_64_RSP), [r12] "i"(8 * UNW_X86_64_R12), [r13] "i"(8 * UNW_X86_64_R13),
                       [r14] "i"(8 * UNW_X86_64_R14), [r15] "i"(8 * UNW_X86_64_R15), [rip] "i"(8 * UNW_X86_64_RIP)
                     : "rax", "memory");
}

static bool frame_pc(unw_cursor_t *cursor, uintptr_t *ret_pc)
{
    unw_word_t ip;

    if (unw_get_reg(cursor, UNW_REG_IP, &ip) < 0 || ip == 0)
        return false;
    *ret_pc = ip;
    return true;
}

/* What a signal has interrupted is known from the frame before it: libunwind does not tell where it has stepped by a table. */
static void visit_frames(struct walk *walk, unw_cursor_t *cursor)
{
    const struct stack_libunwind_visitor *visitor = walk->visitor;
    bool exact = true;
    struct cfi_fde fde;
    uintptr_t pc;

    while (frame_pc(cursor, &pc) && visitor->visit(visitor->context, pc, exact) && cfi_find(exact ? pc : pc - 1, &fde)) {
        exact = fde.signal_frame;
        if (unw_step(cursor) <= 0)
            return;
    }
}

static bool read_word(void *context, uintptr_t addr, uintptr_t *ret_word)
{
    (void)context;
    if (!sys_readable(addr))
        return false;
    memcpy(ret_word, (const void *)addr, sizeof(*ret_word));
    return true;
}

static bool describe(unw_cursor_t *cursor, struct stack_libunwind_frame *ret_frame)
{
    static const int preserved[] = {UNW_X86_64_RBX, UNW_X86_64_RBP, UNW_X86_64_R12,
                                    UNW_X86_64_R13, UNW_X86_64_R14, UNW_X86_64_R15};
    unw_word_t word;

    if (unw_get_reg(cursor, UNW_REG_SP, &word) < 0)
        return false;
    ret_frame->sp = word;
    for (unsigned i = 0; i < sizeof(preserved) / sizeof(preserved[0]); i++)
        ret_frame->registers[i] = unw_get_reg(cursor, preserved[i], &word) < 0 ? 0 : word;
    return true;
}

bool stack_libunwind_find(bool (*is_it)(uintptr_t pc), struct stack_libunwind_frame *ret_frame)
{
    const struct stack_libunwind_visitor visitor = {.read = read_word};
    unw_addr_space_t as = __atomic_load_n(&address_space, __ATOMIC_ACQUIRE);
    struct walk walk = {.visitor = &visitor};
    int saved_errno = errno;
    unw_cursor_t cursor;
    bool found = false;
    uintptr_t pc;

    if (as == NULL)
        return false;
    read_registers(walk.regs);
    __atomic_add_fetch(&walks, 1, __ATOMIC_SEQ_CST);
    if (unw_init_remote(&cursor, as, &walk) == 0)
        while (frame_pc(&cursor, &pc) && !(found = is_it(pc)) && unw_step(&cursor) > 0)
            ;
    found = found && describe(&cursor, ret_frame);
    __atomic_sub_fetch(&walks, 1, __ATOMIC_SEQ_CST);
    errno = saved_errno;
    return found;
}

bool stack_libunwind_walk(const struct stack_libunwind_visitor *visitor)
{
    unw_addr_space_t as = __atomic_load_n(&address_space, __ATOMIC_ACQUIRE);
    struct walk walk = {.visitor = visitor};
    int saved_errno = errno;
    unw_cursor_t cursor;

    if (as == NULL)
        return false;
    read_registers(walk.regs);
    __atomic_add_fetch(&walks, 1, __ATOMIC_SEQ_CST);
    if (unw_init_remote(&cursor, as, &walk) == 0)
        visit_frames(&walk, &cursor);
    __atomic_sub_fetch(&walks, 1, __ATOMIC_SEQ_CST);
    errno = saved_errno;
    return true;
}

void stack_libunwind_after_fork(void)
{
    if (__atomic_load_n(&walks, __ATOMIC_SEQ_CST) != 0)
        __atomic_store_n(&address_space, NULL, __ATOMIC_RELEASE);
}
