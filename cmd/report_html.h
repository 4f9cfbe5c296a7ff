/*
 * report_html: the pieces of the page: escaped text, and charts.
 *
 * Charts are inline SVG that stretches with the page; their words are HTML beside it, so that they
 * stay legible on a phone.
 */
#ifndef CMD_REPORT_HTML_H
#define CMD_REPORT_HTML_H

#include "cmd/base/buf.h"
#include "store/report.h"

#include <stdbool.h>
#include <stdint.h>

/* Appends text as the content of an element or of an attribute in quotes. What is invisible is made
 * visible: a bidi override would turn the words around it as well. */
void html_add(struct buf *out, const char *text);

/* The same for a number, with thin spaces between thousands. */
void html_add_number(struct buf *out, uint64_t number);

/* "3 Nov 2026" for 2026-11-03; without the year in short form. */
void html_add_day(struct buf *out, const char *day, bool with_year);

/* A column a day, or a week or more where there are too many days, stacked by verdict. */
void chart_add_days(struct buf *out, const struct store_report_table *days);

/* A bar a category, in the colour of its verdict. */
void chart_add_categories(struct buf *out, const struct store_report_table *categories);

/* A bar a domain, stacked by verdict. */
void chart_add_domains(struct buf *out, const struct store_report_table *domains);

/* One bar: the sender's and the message's fault against the recipient's and the domain's; what is
 * neither is left open. */
void chart_add_faults(struct buf *out, uint64_t ours, uint64_t theirs, uint64_t bounced);

/* The colours. */
void chart_add_legend(struct buf *out);

#endif
