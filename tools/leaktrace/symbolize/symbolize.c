/*
 * Profiles get their lines. Owns nothing between calls; called by the commands that show or convert profiles.
 *
 * All locations of all profiles are gathered by module; each module's files are opened once, its addresses are looked up once
 * and unit by unit; then the locations are given what was found.
 */
#include "symbolize/symbolize.h"

#include "base/arena.h"
#include "common.h"
#include "profile/profile.h"
#include "symbolize/annotate.h"
#include "symbolize/frames.h"
#include "symbolize/gather.h"
#include "symbolize/module.h"
#include "symbolize/names.h"
#include "symbolize/symbol_table.h"
#include "symbolize/units.h"
#include "view/progress.h"

#include <stdlib.h>

struct run {
    struct search search;
    struct arena arena; /* what is known while it runs */
    struct names names;
    struct progress progress;
    size_t n_done;
    size_t n_all;
};

/* An address and the unit that it lies in. */
struct placed {
    struct address *address;
    size_t unit;
};

static int compare_placed(const void *a, const void *b)
{
    const struct placed *left = a, *right = b;

    if (left->unit != right->unit)
        return left->unit < right->unit ? -1 : 1;
    return (left->address->address > right->address->address) - (left->address->address < right->address->address);
}

static void look_up_units(struct run *run, struct units *units, const struct placed *placed, size_t n)
{
    struct address **addresses = must_grow(NULL, n, sizeof(*addresses));
    size_t run_length;

    for (size_t i = 0; i < n; i++)
        addresses[i] = placed[i].address;
    for (size_t i = 0; i < n; i += run_length) {
        for (run_length = 1; i + run_length < n && placed[i + run_length].unit == placed[i].unit; run_length++)
            ;
        frames_from_unit(&units->units[placed[i].unit], &addresses[i], run_length, &run->names);
        run->n_done += run_length;
        progress_show(&run->progress, run->n_done, run->n_all);
    }
    free(addresses);
}

/* Looks addresses up in the debug information of their module. */
static void look_up_dwarf(struct run *run, Dwarf *dwarf, struct address *addresses, size_t n)
{
    struct placed *placed = must_grow(NULL, n, sizeof(*placed));
    struct units units;
    size_t n_placed = 0;

    units_read(dwarf, &units);
    for (size_t i = 0; i < n; i++) {
        size_t unit = units_find(&units, addresses[i].address);

        if (unit != UNITS_NONE)
            placed[n_placed++] = (struct placed){&addresses[i], unit};
    }
    if (n_placed > 0)
        qsort(placed, n_placed, sizeof(*placed), compare_placed);
    look_up_units(run, &units, placed, n_placed);
    units_release(&units);
    free(placed);
}

static bool lacks_symbols(const struct address *addresses, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (addresses[i].symbol == NULL)
            return true;
    return false;
}

static void look_up_module(struct run *run, struct gather *gathered, size_t number)
{
    const struct gather_module *module = &gathered->modules[number];
    struct module_files files;
    struct address *addresses;
    size_t n;

    if (module->n == 0)
        return;
    module_open(&run->search, &module->name, &files);
    gather_addresses(gathered, number, &files, &addresses, &n);
    if (n > 0 && lacks_symbols(addresses, n))
        symbol_table_read(&module->name, module_any(&files)->path, addresses, n, &run->arena);
    if (n > 0 && files.dwarf != NULL)
        look_up_dwarf(run, files.dwarf, addresses, n);
    for (size_t i = 0; i < n; i++)
        if (addresses[i].n_frames == 0 && addresses[i].symbol != NULL)
            frames_from_symbol(&addresses[i], &run->names);
    module_close(&files);
}

void symbolize_profiles(struct profile *profiles, size_t n, const struct symbolize_options *options)
{
    struct run run = {.search = {options->folders, options->n_folders, options->debuginfod}};
    struct gather gathered;

    elf_version(EV_CURRENT);
    run.names.arena = &run.arena;
    progress_start(&run.progress, options->progress, "reading debug information");
    gather_locations(profiles, n, &gathered);
    run.n_all = gathered.n;
    for (size_t i = 0; i < gathered.n_modules; i++)
        look_up_module(&run, &gathered, i);
    annotate_profiles(&gathered, run.names.n);
    progress_end(&run.progress);
    gather_release(&gathered);
    arena_release(&run.arena);
}
