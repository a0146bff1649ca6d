/* Pages, navigation and dashboard cards of the web client. */
#ifndef PORTICO_ABI_PAGES_H
#define PORTICO_ABI_PAGES_H

#include "host.h"

#ifdef __cplusplus
extern "C" {
#endif

#define PORTICO_EXT_PAGES "portico.pages/1"

/* Titles and labels are JSON objects by language: {"en":"Invoices","ja":"請求書"}. */
typedef struct portico_page {
  uint32_t size;
  uint32_t access;  /* PORTICO_ACCESS_* */
  portico_str path; /* "/billing/invoices/{id}" */
  portico_str title;
} portico_page;

typedef struct portico_navigation {
  uint32_t size;
  uint32_t access;
  int64_t order; /* small first */
  portico_str path;
  portico_str label;
} portico_navigation;

typedef struct portico_pages {
  uint32_t size;
  uint32_t reserved;
  /* [control] The plugin's built bundle (its web/ folder) is served at /assets/<plugin>/. */
  portico_status (*page)(const portico_host*, const portico_page*, portico_error*);
  portico_status (*navigation)(const portico_host*, const portico_navigation*, portico_error*);
  portico_status (*card)(const portico_host*, portico_str id, int64_t order, portico_error*);
  /* [control] This plugin's web/index.html is what every page path answers; one plugin only. */
  portico_status (*shell)(const portico_host*, portico_error*);
} portico_pages;

#ifdef __cplusplus
}
#endif
#endif
