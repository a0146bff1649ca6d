/* A piece of the museum in C11, on the C ABI alone: the same routes as the one in C++. */
#define _GNU_SOURCE
#include <portico/abi/cache.h>
#include <portico/abi/clock.h>
#include <portico/abi/config.h>
#include <portico/abi/crypto.h>
#include <portico/abi/exchange.h>
#include <portico/abi/health.h>
#include <portico/abi/log.h>
#include <portico/abi/metrics.h>
#include <portico/abi/operations.h>
#include <portico/abi/pages.h>
#include <portico/abi/plugin.h>
#include <portico/abi/routes.h>
#include <portico/abi/tasks.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct visitor {
  portico_plugin plugin;
  const portico_host* host;
  const portico_exchange* exchange;
  const portico_config* config;
  const portico_cache* cache;
  const portico_operations* operations;
  const portico_log* log;
  const portico_metrics* metrics;
  const portico_crypto* crypto;
  const portico_clock* clock;
  atomic_int beats, loads;
};

static portico_str text(const char* literal) {
  const portico_str str = {literal, strlen(literal)};
  return str;
}

static portico_status fail(portico_error* error, int32_t status, const char* code) {
  error->status = status;
  snprintf(error->code, sizeof error->code, "%s", code);
  snprintf(error->detail, sizeof error->detail, "as asked for");
  return PORTICO_E_PROBLEM;
}

static portico_status say(struct visitor* self, portico_handle exchange, const char* json, size_t size) {
  portico_answer answer;
  memset(&answer, 0, sizeof answer);
  answer.size = sizeof answer;
  answer.status = 200;
  answer.content_type = text("application/json");
  answer.body.data = json;
  answer.body.size = size;
  return self->exchange->answer(self->host, exchange, &answer);
}

static int same(portico_buffer buffer, const char* wanted) {
  return buffer.size == strlen(wanted) && memcmp(buffer.data, wanted, buffer.size) == 0;
}

static int sealed(struct visitor* self, portico_error* error) {
  portico_buffer closed = {NULL, 0, 0}, open = {NULL, 0, 0};
  const portico_str context = text("museum");
  if (self->crypto->seal(self->host, text("plain"), context, &closed, error) != PORTICO_OK) return 0;
  const portico_str of = {closed.data, closed.size};
  const int fine =
      self->crypto->open(self->host, of, context, &open, error) == PORTICO_OK && same(open, "plain");
  self->host->release(self->host, closed.lease);
  self->host->release(self->host, open.lease);
  return fine;
}

static portico_status visit(void* user, portico_handle exchange, portico_error* error) {
  struct visitor* self = user;
  portico_str name, method, language;
  portico_status status =
      self->exchange->value(self->host, exchange, PORTICO_VALUE_PATH, text("name"), &name);
  if (status == PORTICO_OK)
    status = self->exchange->field(self->host, exchange, PORTICO_FIELD_METHOD, &method);
  if (status == PORTICO_OK)
    status = self->exchange->field(self->host, exchange, PORTICO_FIELD_LANGUAGE, &language);
  if (status != PORTICO_OK) return status;
  if (name.size == 6 && memcmp(name.data, "nobody", 6) == 0) return fail(error, 404, "museum.nobody");
  if (name.size == 6 && memcmp(name.data, "throws", 6) == 0) return PORTICO_E_INTERNAL;

  portico_buffer settings = {NULL, 0, 0}, sum = {NULL, 0, 0};
  status = self->config->snapshot(self->host, &settings);
  if (status != PORTICO_OK) return status;
  const int kept = memmem(settings.data, settings.size, "\"word\":\"kept\"", 13) != NULL &&
                   memmem(settings.data, settings.size, "\"limit\":7", 9) != NULL;
  self->host->release(self->host, settings.lease);
  status =
      self->operations->call(self->host, text("museum-c.add/1"), text("{\"a\":20,\"b\":22}"), &sum, error);
  if (status != PORTICO_OK) return status;
  const int added = same(sum, "{\"sum\":42}");
  self->host->release(self->host, sum.lease);
  uint8_t digest[32] = {0};
  self->crypto->sha256(self->host, text("abc"), digest);
  self->metrics->count(self->host, text("visits"), text(""), text(""), 1);
  const portico_log_field field = {text("name"), name};
  self->log->write(self->host, PORTICO_LOG_INFO, text("visited"), &field, 1);

  char body[512];
  const int size = snprintf(
      body, sizeof body,
      "{\"name\":\"%.*s\",\"word\":\"%s\",\"method\":\"%.*s\",\"language\":\"%.*s\",\"limit\":%d,\"sum\":%d,"
      "\"beats\":%d,\"sealed\":%s,\"hashed\":%s,\"timed\":%s}",
      (int)(name.size < 64 ? name.size : 64), name.data, kept ? "kept" : "lost", (int)method.size,
      method.data, (int)language.size, language.data, kept ? 7 : 0, added ? 42 : 0, atomic_load(&self->beats),
      sealed(self, error) ? "true" : "false", digest[0] == 0xba && digest[1] == 0x78 ? "true" : "false",
      self->clock->now_us(self->host) > 0 ? "true" : "false");
  return say(self, exchange, body, (size_t)size);
}

static portico_status load(void* user, portico_handle reply, portico_error* error) {
  struct visitor* self = user;
  char body[32];
  (void)error;
  const int size = snprintf(body, sizeof body, "{\"sum\":%d}", atomic_fetch_add(&self->loads, 1) + 1);
  const portico_str value = {body, (uint64_t)size};
  return self->cache->reply(self->host, reply, value);
}

static portico_status cached(void* user, portico_handle exchange, portico_error* error) {
  struct visitor* self = user;
  const portico_cache_policy policy = {sizeof policy, 0, 60000, 0, 0, NULL, 0};
  portico_buffer out = {NULL, 0, 0};
  int64_t age_ms = 0;
  portico_status status =
      self->cache->get_or_load(self->host, text("one"), &policy, load, self, &out, &age_ms, error);
  if (status != PORTICO_OK) return status;
  status = say(self, exchange, out.data, out.size);
  self->host->release(self->host, out.lease);
  return status;
}

static portico_status add(void* user, portico_str arguments, portico_handle reply, portico_error* error) {
  struct visitor* self = user;
  char copy[64];
  int a = 0, b = 0;
  snprintf(copy, sizeof copy, "%.*s", (int)(arguments.size < 63 ? arguments.size : 63), arguments.data);
  if (sscanf(copy, "{\"a\":%d,\"b\":%d}", &a, &b) != 2) return fail(error, 422, "museum.arguments");
  const int size = snprintf(copy, sizeof copy, "{\"sum\":%d}", a + b);
  const portico_str result = {copy, (uint64_t)size};
  return self->operations->reply(self->host, reply, result);
}

static portico_status beat(void* user, portico_error* error) {
  struct visitor* self = user;
  (void)error;
  atomic_fetch_add(&self->beats, 1);
  return PORTICO_OK;
}

static portico_status add_route(struct visitor* self, const portico_routes* routes, const char* pattern,
                                portico_route_fn handler, portico_error* error) {
  portico_route route;
  memset(&route, 0, sizeof route);
  route.size = sizeof route;
  route.access = PORTICO_ACCESS_ANYONE;
  route.method = text("GET");
  route.pattern = text(pattern);
  route.summary = text("Tries much of the ABI");
  route.handler = handler;
  route.user = self;
  return routes->add(self->host, &route, error);
}

/* A table of this size or longer; null: not here. */
static const void* table(const struct visitor* self, const char* id, size_t size) {
  const void* found = self->host->extension(self->host, id);
  uint32_t has = 0;
  if (found) memcpy(&has, found, sizeof has);
  return has >= size ? found : NULL;
}

static portico_status start(portico_plugin* plugin, portico_error* error) {
  struct visitor* self = plugin->context;
  const portico_routes* routes = table(self, PORTICO_EXT_ROUTES, sizeof *routes);
  const portico_tasks* tasks = table(self, PORTICO_EXT_TASKS, sizeof *tasks);
  const portico_pages* pages = table(self, PORTICO_EXT_PAGES, sizeof *pages);
  const portico_health* health = table(self, PORTICO_EXT_HEALTH, sizeof *health);
  self->exchange = table(self, PORTICO_EXT_EXCHANGE, sizeof *self->exchange);
  self->config = table(self, PORTICO_EXT_CONFIG, sizeof *self->config);
  self->cache = table(self, PORTICO_EXT_CACHE, sizeof *self->cache);
  self->operations = table(self, PORTICO_EXT_OPERATIONS, sizeof *self->operations);
  self->log = table(self, PORTICO_EXT_LOG, sizeof *self->log);
  self->metrics = table(self, PORTICO_EXT_METRICS, sizeof *self->metrics);
  self->crypto = table(self, PORTICO_EXT_CRYPTO, sizeof *self->crypto);
  self->clock = table(self, PORTICO_EXT_CLOCK, sizeof *self->clock);
  if (!routes || !tasks || !pages || !health || !self->exchange || !self->config || !self->cache ||
      !self->operations || !self->log || !self->metrics || !self->crypto || !self->clock)
    return fail(error, 500, "museum.no_host");

  portico_status status = add_route(self, routes, "/api/museum-c/visit/{name}", visit, error);
  if (status == PORTICO_OK) status = add_route(self, routes, "/api/museum-c/cached", cached, error);
  if (status == PORTICO_OK)
    status = self->operations->provide(self->host, text("museum-c.add/1"), add, self, error);
  if (status == PORTICO_OK)
    status =
        tasks->every(self->host, text("museum-c.beat"), 200, PORTICO_TASK_EVERY_REPLICA, beat, self, error);
  if (status != PORTICO_OK) return status;
  portico_page page;
  memset(&page, 0, sizeof page);
  page.size = sizeof page;
  page.access = PORTICO_ACCESS_ANYONE;
  page.path = text("/museum-c");
  page.title = text("{\"en\":\"Museum\",\"ja\":\"博物館\"}");
  health->report(self->host, text("museum"), PORTICO_HEALTH_OK, text(""));
  return pages->page(self->host, &page, error);
}

static void stop(portico_plugin* plugin) {
  (void)plugin;
}

static void destroy(portico_plugin* plugin) {
  free(plugin->context);
}

static portico_status create(const portico_host* host, portico_plugin** out, portico_error* error) {
  struct visitor* self = calloc(1, sizeof *self);
  if (!self) return fail(error, 503, "museum.no_memory");
  self->host = host;
  self->plugin.size = sizeof self->plugin;
  self->plugin.context = self;
  self->plugin.start = start;
  self->plugin.stop = stop;
  self->plugin.destroy = destroy;
  *out = &self->plugin;
  return PORTICO_OK;
}

PORTICO_EXPORT const portico_entry* portico_plugin_entry_v1(void) {
  static const portico_entry entry = {sizeof entry, PORTICO_ABI_MAJOR, PORTICO_ABI_MINOR, 0, create};
  return &entry;
}
