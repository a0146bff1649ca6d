/* Greets people by name, in C11 on the C ABI alone: one route. */
#include <portico/abi/exchange.h>
#include <portico/abi/manifest.h>
#include <portico/abi/plugin.h>
#include <portico/abi/routes.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { kLongestName = 100 };

struct hello {
  portico_plugin plugin;
  const portico_host* host;
  const portico_exchange* exchange;
};

static portico_str text(const char* literal) {
  const portico_str str = {literal, strlen(literal)};
  return str;
}

static portico_status fail(portico_error* error, int32_t status, const char* code, const char* detail) {
  error->status = status;
  snprintf(error->code, sizeof error->code, "%s", code);
  snprintf(error->detail, sizeof error->detail, "%s", detail);
  return PORTICO_E_PROBLEM;
}

/* JSON wants quotes, backslashes and control characters escaped; `out` has room for six times the name. */
static size_t escape(portico_str name, char* out) {
  size_t size = 0;
  for (uint64_t i = 0; i < name.size; ++i) {
    const unsigned char c = (unsigned char)name.data[i];
    if (c == '"' || c == '\\') {
      out[size++] = '\\';
      out[size++] = (char)c;
    } else if (c < 0x20) {
      size += (size_t)snprintf(out + size, 7, "\\u%04x", (unsigned)c);
    } else {
      out[size++] = (char)c;
    }
  }
  return size;
}

static portico_status greet(void* user, portico_handle exchange, portico_error* error) {
  const struct hello* self = user;
  portico_str name;
  const portico_status status =
      self->exchange->value(self->host, exchange, PORTICO_VALUE_PATH, text("name"), &name);
  if (status != PORTICO_OK) return status;
  if (name.size > kLongestName) return fail(error, 422, "hello_c.name_too_long", "over 100 bytes");

  char body[6 * kLongestName + 32] = "{\"message\":\"Hello, ";
  size_t size = strlen(body);
  size += escape(name, body + size);
  memcpy(body + size, "\"}", 2);
  size += 2;

  portico_answer answer;
  memset(&answer, 0, sizeof answer);
  answer.size = sizeof answer;
  answer.status = 200;
  answer.content_type = text("application/json");
  answer.body.data = body;
  answer.body.size = size;
  return self->exchange->answer(self->host, exchange, &answer);
}

/* An older host has shorter tables: a function is there where the table reaches behind it. */
#define HAS(table, function) \
  ((table) && (table)->size >= offsetof(__typeof__(*(table)), function) + sizeof(void*))

static portico_status start(portico_plugin* plugin, portico_error* error) {
  struct hello* self = plugin->context;
  const portico_routes* routes = self->host->extension(self->host, PORTICO_EXT_ROUTES);
  self->exchange = self->host->extension(self->host, PORTICO_EXT_EXCHANGE);
  if (!HAS(routes, add) || !HAS(self->exchange, answer))
    return fail(error, 500, "hello_c.no_host", "routes or exchange is missing");

  portico_route route;
  memset(&route, 0, sizeof route);
  route.size = sizeof route;
  route.access = PORTICO_ACCESS_ANYONE;
  route.method = text("GET");
  route.pattern = text("/api/hello-c/{name}");
  route.summary = text("Greets somebody");
  route.handler = greet;
  route.user = self;
  return routes->add(self->host, &route, error);
}

static void stop(portico_plugin* plugin) {
  (void)plugin;
}

static void destroy(portico_plugin* plugin) {
  free(plugin->context);
}

static portico_status create(const portico_host* host, portico_plugin** out, portico_error* error) {
  struct hello* self = calloc(1, sizeof *self);
  if (!self) return fail(error, 503, "hello_c.no_memory", "calloc");
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
