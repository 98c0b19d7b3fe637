#include "exporter.h"

#include "collector.h"

static void write_header(struct text *page, const char *name, const char *type, const char *help)
{
    append_text(page, "# HELP %s %s\n# TYPE %s %s\n", name, help, name, type);
}

static void write_value(struct text *page, const char *name, const char *type, const char *help,
                        unsigned long value)
{
    write_header(page, name, type, help);
    append_text(page, "%s %lu\n", name, value);
}

static void write_store_metrics(struct exporter *exporter, struct text *page)
{
    struct store_usage usage;
    bool up = collect(exporter, &usage);

    write_value(page, "object_store_up", "gauge", "Whether the object store answered.", up);
    if (!up)
        return;
    write_value(page, "object_store_objects", "gauge", "Objects in the store.", usage.objects);
    write_value(page, "object_store_bytes", "gauge", "Size of the objects in the store.",
                usage.bytes);
}

static void write_exporter_metrics(struct exporter *exporter, struct text *page)
{
    struct configuration configuration;
    copy_configuration(&exporter->settings, &configuration);
    write_header(page, "exporter_configuration_info", "gauge", "The configuration in force.");
    append_text(page, "exporter_configuration_info{cluster=\"");
    write_label_value(page, configuration.cluster);
    append_text(page, "\",object=\"");
    write_label_value(page, configuration.object);
    append_text(page, "\"} 1\n");

    write_value(page, "exporter_reloads_total", "counter", "Reloads of the configuration.",
                atomic_load(&exporter->reloads));
    write_value(page, "exporter_scrapes_total", "counter", "Scrapes, with this one.",
                atomic_load(&exporter->scrapes));

    write_header(page, "exporter_http_responses_total", "counter", "HTTP responses, by code.");
    for (int status = 0; status < HTTP_STATUS_COUNT; status++) {
        append_text(page, "exporter_http_responses_total{code=\"%d\"} %lu\n",
                    get_status_code(status), atomic_load(&exporter->server.responses[status]));
    }
}

void write_metrics_page(struct exporter *exporter, struct text *page)
{
    atomic_fetch_add(&exporter->scrapes, 1);
    write_store_metrics(exporter, page);
    write_exporter_metrics(exporter, page);
    write_histograms(&exporter->registry, page);
    write_process_metrics(page);
}
