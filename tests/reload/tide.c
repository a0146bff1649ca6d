/* A plugin in many versions, each compiled by the test with other macros: one route that says which it is,
   one that takes its time. */
#include <portico/abi/config.h>
#include <portico/abi/exchange.h>
#include <portico/abi/health.h>
#include <portico/abi/manifest.h>
#include <portico/abi/outbound.h>
#include <portico/abi/plugin.h>
#include <portico/abi/routes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#ifndef TIDE_SLOW_MS
#define TIDE_SLOW_MS 1500
#endif

PORTICO_EMBED_MANIFEST(TIDE_MANIFEST)

struct tide {
  portico_plugin plugin;
  const portico_host* host;
  const portico_exchange* exchange;
};

static portico_str text(const char* literal) {
  const portico_str str = {literal, strlen(literal)};
  return str;
}

static portico_status answer(const struct tide* self, portico_handle exchange, const char* body) {
  portico_answer reply;
  memset(&reply, 0, sizeof reply);
  reply.size = sizeof reply;
  reply.status = 200;
  reply.content_type = text("text/plain");
  reply.body = text(body);
  return self->exchange->answer(self->host, exchange, &reply);
}

static portico_status version(void* user, portico_handle exchange, portico_error* error) {
  (void)error;
  return answer(user, exchange, TIDE_VERSION);
}

static portico_status slow(void* user, portico_handle exchange, portico_error* error) {
  const struct timespec pause = {TIDE_SLOW_MS / 1000, (TIDE_SLOW_MS % 1000) * 1000000L};
  (void)error;
  nanosleep(&pause, NULL); /* on purpose: a slow handler */
  return answer(user, exchange, TIDE_VERSION);
}

static portico_status settings(void* user, portico_handle exchange, portico_error* error) {
  const struct tide* self = user;
  const portico_config* config = self->host->extension(self->host, PORTICO_EXT_CONFIG);
  portico_buffer snapshot;
  char body[512];
  (void)error;
  if (config->snapshot(self->host, &snapshot) != PORTICO_OK) return PORTICO_E_INTERNAL;
  snprintf(body, sizeof body, "%.*s", (int)snapshot.size, snapshot.data);
#ifndef TIDE_LEAKS
  self->host->release(self->host, snapshot.lease);
#endif
  return answer(self, exchange, body);
}

#ifdef TIDE_CALLS
static portico_status look_at_moon(const struct tide* self, portico_error* error) {
  const portico_outbound* outbound = self->host->extension(self->host, PORTICO_EXT_OUTBOUND);
  portico_outbound_request request;
  portico_outbound_response response;
  portico_status status;
  memset(&request, 0, sizeof request);
  request.size = sizeof request;
  memset(&response, 0, sizeof response);
  response.size = sizeof response;
  request.kind = PORTICO_OUTBOUND_WRITE;
  request.upstream = text("moon");
  request.operation = text("phase");
  request.method = text("POST");
  request.path = text("/");
  status = outbound->call(self->host, &request, &response, error);
  if (status == PORTICO_OK) self->host->release(self->host, response.body.lease);
  return status;
}

static portico_status call(void* user, portico_handle exchange, portico_error* error) {
  const struct tide* self = user;
  const portico_status status = look_at_moon(self, error);
  return status == PORTICO_OK ? answer(self, exchange, TIDE_VERSION) : status;
}
#endif

static portico_status add(const struct tide* self, const char* pattern, portico_route_fn handler,
                          portico_error* error) {
  const portico_routes* routes = self->host->extension(self->host, PORTICO_EXT_ROUTES);
  portico_route route;
  memset(&route, 0, sizeof route);
  route.size = sizeof route;
  route.access = PORTICO_ACCESS_ANYONE;
  route.method = text("GET");
  route.pattern = text(pattern);
  route.deadline_ms = 20000;
  route.handler = handler;
  route.user = (void*)self;
  return routes->add(self->host, &route, error);
}

static portico_status start(portico_plugin* plugin, portico_error* error) {
  struct tide* self = plugin->context;
  portico_status status = add(self, "/api/" TIDE_ID, version, error);
  if (status == PORTICO_OK) status = add(self, "/api/" TIDE_ID "/slow", slow, error);
  if (status == PORTICO_OK) status = add(self, "/api/" TIDE_ID "/settings", settings, error);
#ifdef TIDE_CALLS
  if (status == PORTICO_OK) status = add(self, "/api/" TIDE_ID "/call", call, error);
#endif
#ifdef TIDE_LOOKS
  if (status == PORTICO_OK) status = look_at_moon(self, error);
#endif
#ifdef TIDE_STARTS_MS
  usleep(TIDE_STARTS_MS * 1000); /* on purpose: a start that takes its time */
#endif
#ifdef TIDE_CLASHES
  if (status == PORTICO_OK) status = add(self, "/api/pages", version, error);
#endif
#ifdef TIDE_SICK
  const portico_health* health = self->host->extension(self->host, PORTICO_EXT_HEALTH);
  health->report(self->host, text("gauge"), PORTICO_HEALTH_FAILED, text("no water"));
#endif
#ifdef TIDE_FAILS
  snprintf(error->code, sizeof error->code, "tide.no_moon");
  snprintf(error->detail, sizeof error->detail, "there is no moon tonight");
  error->status = 500;
  return PORTICO_E_PROBLEM;
#endif
  return status;
}

static void stop(portico_plugin* plugin) {
  (void)plugin;
}

static void destroy(portico_plugin* plugin) {
  free(plugin->context);
}

static portico_status create(const portico_host* host, portico_plugin** plugin, portico_error* error) {
  struct tide* self = calloc(1, sizeof *self);
  (void)error;
  if (!self) return PORTICO_E_INTERNAL;
  self->host = host;
  self->exchange = host->extension(host, PORTICO_EXT_EXCHANGE);
  self->plugin.size = sizeof self->plugin;
  self->plugin.context = self;
  self->plugin.start = start;
  self->plugin.stop = stop;
  self->plugin.destroy = destroy;
  *plugin = &self->plugin;
  return PORTICO_OK;
}

PORTICO_EXPORT const portico_entry* portico_plugin_entry_v1(void) {
  static const portico_entry entry = {sizeof(portico_entry), PORTICO_ABI_MAJOR, PORTICO_ABI_MINOR, 0, create};
  return &entry;
}
