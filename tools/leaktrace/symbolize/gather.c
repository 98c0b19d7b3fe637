/* The gatherer of locations. Owns nothing; called by symbolize.c. */
#include "symbolize/gather.h"

#include "common.h"
#include "profile/profile.h"
#include "symbolize/frames.h"
#include "symbolize/label.h"
#include "symbolize/module.h"

#include <stdlib.h>
#include <string.h>

static bool has_source(const struct profile_location *location)
{
    for (size_t i = 0; i < location->n_lines; i++)
        if (location->lines[i].line != 0 || location->lines[i].function->file[0] != '\0')
            return true;
    return false;
}

static bool is_wanted(const struct profile_location *location)
{
    const struct profile_mapping *mapping = location->mapping;

    return location->address != 0 && mapping != NULL && mapping->file[0] != '\0' && mapping->file[0] != '[' &&
           location->address >= mapping->start && location->address < mapping->limit && !has_source(location);
}

static size_t module_of(struct gather *gathered, const struct profile_mapping *mapping)
{
    const struct search_module name = {.path = mapping->file, .build_id = mapping->build_id};

    for (size_t i = 0; i < gathered->n_modules; i++)
        if (strcmp(gathered->modules[i].name.path, name.path) == 0 &&
            strcmp(gathered->modules[i].name.build_id, name.build_id) == 0)
            return i;
    gathered->modules = must_grow(gathered->modules, gathered->n_modules + 1, sizeof(*gathered->modules));
    gathered->modules[gathered->n_modules] = (struct gather_module){.name = name};
    return gathered->n_modules++;
}

static void gather_profile(struct gather *gathered, struct profile *profile)
{
    size_t *modules = must_grow(NULL, profile->n_mappings, sizeof(*modules));

    gathered->locations = must_grow(gathered->locations, gathered->n + profile->n_locations, sizeof(*gathered->locations));
    for (size_t i = 0; i < profile->n_mappings; i++)
        modules[i] = module_of(gathered, &profile->mappings[i]);
    for (size_t i = 0; i < profile->n_locations; i++) {
        struct profile_location *location = &profile->locations[i];

        if (is_wanted(location))
            gathered->locations[gathered->n++] = (struct gather_location){
                .profile = profile, .location = location, .module = modules[location->mapping - profile->mappings]};
    }
    free(modules);
}

static int compare_modules(const void *a, const void *b)
{
    const struct gather_location *left = a, *right = b;

    return (left->module > right->module) - (left->module < right->module);
}

void gather_locations(struct profile *profiles, size_t n, struct gather *ret_gathered)
{
    struct gather gathered = {.n = 0};

    for (size_t i = 0; i < n; i++)
        gather_profile(&gathered, &profiles[i]);
    if (gathered.n > 0)
        qsort(gathered.locations, gathered.n, sizeof(*gathered.locations), compare_modules);
    for (size_t i = 0; i < gathered.n; i++) {
        struct gather_module *module = &gathered.modules[gathered.locations[i].module];

        if (module->n++ == 0)
            module->first = i;
    }
    *ret_gathered = gathered;
}

static int compare_addresses(const void *a, const void *b)
{
    const struct gather_location *left = a, *right = b;

    return (left->in_file > right->in_file) - (left->in_file < right->in_file);
}

/* Moves the locations that the files can tell of to the front, ascending; returns how many. */
static size_t place_locations(struct gather_location *locations, size_t n, const struct module_files *files)
{
    size_t placed = 0;

    for (size_t i = 0; i < n; i++) {
        struct gather_location location = locations[i];
        uint64_t shift;

        if (!module_shift(files, location.location->mapping, &shift))
            continue;
        location.in_file = location.location->address + shift;
        locations[i] = locations[placed];
        locations[placed++] = location;
    }
    if (placed > 0)
        qsort(locations, placed, sizeof(*locations), compare_addresses);
    return placed;
}

/* The name that the dump has for a location; NULL for none. */
static const char *symbol_of(const struct profile_location *location)
{
    const struct profile_function *function = location->n_lines == 0 ? NULL : location->lines[0].function;
    const char *name;

    if (function == NULL)
        return NULL;
    name = function->system_name[0] == '\0' ? function->name : function->system_name;
    return label_is(name, location->mapping->file) ? NULL : name;
}

void gather_addresses(struct gather *gathered, size_t number, const struct module_files *files, struct address **ret_addresses,
                      size_t *ret_n)
{
    struct gather_module *module = &gathered->modules[number];
    struct gather_location *locations = &gathered->locations[module->first];
    size_t placed = place_locations(locations, module->n, files), n = 0;

    module->addresses = must_grow(NULL, placed, sizeof(*module->addresses));
    for (size_t i = 0; i < placed; i++) {
        if (n == 0 || module->addresses[n - 1].address != locations[i].in_file)
            module->addresses[n++] = (struct address){.address = locations[i].in_file};
        locations[i].address = &module->addresses[n - 1];
        if (locations[i].address->symbol == NULL)
            locations[i].address->symbol = symbol_of(locations[i].location);
    }
    *ret_addresses = module->addresses;
    *ret_n = module->n_addresses = n;
}

void gather_release(struct gather *gathered)
{
    for (size_t i = 0; i < gathered->n_modules; i++) {
        struct gather_module *module = &gathered->modules[i];

        for (size_t j = 0; j < module->n_addresses; j++)
            free(module->addresses[j].frames);
        free(module->addresses);
    }
    free(gathered->modules);
    free(gathered->locations);
}
