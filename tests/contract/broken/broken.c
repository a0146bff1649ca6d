/* A plugin in C that commits the one sin it is compiled with (-DSIN_…), and none without. */
#define _GNU_SOURCE
#include <locale.h>
#include <portico/abi/cache.h>
#include <portico/abi/config.h>
#include <portico/abi/exchange.h>
#include <portico/abi/manifest.h>
#include <portico/abi/operations.h>
#include <portico/abi/plugin.h>
#include <portico/abi/routes.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

PORTICO_EMBED_MANIFEST("manifest.json")

struct state {
  portico_plugin plugin;
  const portico_host* host;
  const portico_exchange* exchange;
  const portico_cache* cache;
  const portico_operations* operations;
};

static portico_str text(const char* literal) {
  const portico_str str = {literal, strlen(literal)};
  return str;
}

static portico_status fail(portico_error* error, const char* code) {
  error->status = 500;
  snprintf(error->code, sizeof error->code, "%s", code);
  return PORTICO_E_PROBLEM;
}

/* ---- before any call ---- */

#ifdef SIN_UNDEFINED_SYMBOL
extern void nobody_has_this(void);
void (*keep_it)(void) = nobody_has_this;
#endif
#ifdef SIN_EXTRA_EXPORT
PORTICO_EXPORT int second_export(void) {
  return 1;
}
#endif
#ifdef SIN_UNIQUE_SYMBOL
__asm__(
    ".pushsection .data\n.globl only_one\n.type only_one, @gnu_unique_object\n.size only_one, 8\n"
    "only_one: .quad 1\n.popsection\n");
#endif
#ifdef SIN_WRITABLE_CODE
__asm__(".pushsection .wild, \"awx\"\n.quad 1\n.popsection\n");
#endif

__attribute__((constructor)) static void at_opening(void) {
#ifdef SIN_CONSTRUCTOR_ABORTS
  abort();
#elif defined SIN_CONSTRUCTOR_EXITS
  _exit(0);
#elif defined SIN_CONSTRUCTOR_READS_NOWHERE
  *(volatile int*)8 = 1;
#endif
}

/* ---- requests ---- */

static portico_status say(struct state* self, portico_handle exchange, int32_t status) {
  portico_answer answer;
  memset(&answer, 0, sizeof answer);
  answer.size = sizeof answer;
  answer.status = status;
  answer.content_type = text("text/plain");
  answer.body = text("fine\n");
  return self->exchange->answer(self->host, exchange, &answer);
}

#ifdef SIN_LATE_COMPLETION
static portico_handle before; /* an exchange of the past */
#endif
#ifdef SIN_REENTRANT
static portico_status load_again(void* user, portico_handle reply, portico_error* error) {
  struct state* self = user;
  const portico_cache_policy policy = {sizeof policy, 0, 1000, 0, 0, NULL, 0};
  portico_buffer out = {NULL, 0, 0};
  int64_t age = 0;
  static _Thread_local int depth;
  portico_status inner = PORTICO_OK;
  if (depth++ < 3)
    inner = self->cache->get_or_load(self->host, text(depth == 2 ? "inner" : "key"), &policy, load_again,
                                     self, &out, &age, error);
  --depth;
  if (out.lease) self->host->release(self->host, out.lease);
  (void)inner;
  return self->cache->reply(self->host, reply, text("1"));
}
#endif

static portico_status serve(void* user, portico_handle exchange, portico_error* error) {
  struct state* self = user;
  (void)self;
  (void)error;
#ifdef SIN_NO_ANSWER
  return PORTICO_OK;
#elif defined SIN_NEVER_COMPLETES
  return PORTICO_PENDING;
#elif defined SIN_TWO_ANSWERS
  say(self, exchange, 200);
  say(self, exchange, 500);
  return PORTICO_OK;
#elif defined SIN_ANSWER_AND_FAILURE
  say(self, exchange, 200);
  return fail(error, "broken.both");
#elif defined SIN_LATE_COMPLETION
  if (before) say(self, before, 500);
  before = exchange;
  return say(self, exchange, 200);
#elif defined SIN_FORGED_HANDLES
  say(self, exchange ^ 1, 500);
  say(self, exchange + ((portico_handle)1 << 32), 500);
  say(self, 0, 500);
  say(self, ~(portico_handle)0, 500);
  self->host->release(self->host, exchange);
  self->host->release(self->host, ~(portico_handle)0);
  return say(self, exchange, 200);
#elif defined SIN_BAD_STATUS
  return say(self, exchange, 7);
#elif defined SIN_UNKNOWN_RETURN
  return 99;
#elif defined SIN_HEADER_SPLITTING
  const portico_header header = {text("X-Broken"), text("a\r\nSet-Cookie: stolen=1")};
  portico_answer answer;
  memset(&answer, 0, sizeof answer);
  answer.size = sizeof answer;
  answer.status = 200;
  answer.headers = &header;
  answer.header_count = 1;
  const portico_status status = self->exchange->answer(self->host, exchange, &answer);
  return status == PORTICO_OK ? status : fail(error, "broken.refused");
#elif defined SIN_REENTRANT
  const portico_cache_policy policy = {sizeof policy, 0, 1000, 0, 0, NULL, 0};
  portico_buffer out = {NULL, 0, 0};
  int64_t age = 0;
  const portico_status loaded =
      self->cache->get_or_load(self->host, text("key"), &policy, load_again, self, &out, &age, error);
  if (out.lease) self->host->release(self->host, out.lease);
  const portico_status called =
      self->operations->call(self->host, text("broken.itself/1"), text("{}"), &out, error);
  if (called == PORTICO_OK && out.lease) self->host->release(self->host, out.lease);
  (void)loaded;
  return say(self, exchange, 200);
#elif defined SIN_REGISTERS_LATE
  const portico_routes* routes = self->host->extension(self->host, PORTICO_EXT_ROUTES);
  portico_route route;
  memset(&route, 0, sizeof route);
  route.size = sizeof route;
  route.method = text("GET");
  route.pattern = text("/api/broken/late");
  route.handler = serve;
  route.user = self;
  return routes->add(self->host, &route, error) == PORTICO_OK ? say(self, exchange, 500)
                                                              : say(self, exchange, 200);
#elif defined SIN_CRASHES_SERVING
  abort();
#elif defined SIN_CRASHES_WHEN_CANCELLED
  if (self->exchange->cancelled(self->host, exchange)) abort();
  return say(self, exchange, 200);
#elif defined SIN_ONE_AT_A_TIME
  static volatile int inside;
  if (inside++) abort();
  for (volatile int i = 0; i < 2000000; i++) continue; /* long enough to be met by another */
  inside--;
  return say(self, exchange, 200);
#elif defined SIN_IGNORES_FAILURE_SERVING
  const portico_config* config = self->host->extension(self->host, PORTICO_EXT_CONFIG);
  portico_buffer settings = {NULL, 0, 0};
  config->snapshot(self->host, &settings);
  if (settings.data[0] != '{') return fail(error, "broken.settings");
  self->host->release(self->host, settings.lease);
  return say(self, exchange, 200);
#else
  return say(self, exchange, 200);
#endif
}

#ifdef SIN_TRUSTS_ARGUMENTS
static portico_status trusts(void* user, portico_str arguments, portico_handle reply, portico_error* error) {
  struct state* self = user;
  (void)error;
  if (arguments.data[0] != '{') abort();
  return self->operations->reply(self->host, reply, text("{}"));
}
#endif
#ifdef SIN_REENTRANT
static portico_status itself(void* user, portico_str arguments, portico_handle reply, portico_error* error) {
  struct state* self = user;
  portico_buffer out = {NULL, 0, 0};
  static _Thread_local int depth;
  (void)arguments;
  if (depth++ < 2 &&
      self->operations->call(self->host, text("broken.itself/1"), text("{}"), &out, error) == PORTICO_OK &&
      out.lease)
    self->host->release(self->host, out.lease);
  --depth;
  return self->operations->reply(self->host, reply, text("{}"));
}
#endif

/* ---- the four calls ---- */

#ifdef SIN_THREAD_LEFT
static void* for_ever(void* unused) {
  for (;;) pause();
  return unused;
}
#endif
#ifdef SIN_THREAD_LOCAL
extern int __cxa_thread_atexit_impl(void (*destructor)(void*), void* object, void* library);
extern void* __dso_handle;
static void at_thread_end(void* unused) {
  (void)unused;
}
#endif
#ifdef SIN_SIGNAL_HANDLER
static void on_signal(int number) {
  (void)number;
}
#endif

static portico_status start(portico_plugin* plugin, portico_error* error) {
  struct state* self = plugin->context;
  const portico_routes* routes = self->host->extension(self->host, PORTICO_EXT_ROUTES);
  const portico_config* config = self->host->extension(self->host, PORTICO_EXT_CONFIG);
  self->exchange = self->host->extension(self->host, PORTICO_EXT_EXCHANGE);
  self->cache = self->host->extension(self->host, PORTICO_EXT_CACHE);
  self->operations = self->host->extension(self->host, PORTICO_EXT_OPERATIONS);
#ifdef SIN_READS_PAST_TABLES
  if (!routes || !self->exchange || !config || !self->cache || !self->operations)
    return fail(error, "broken.no_host");
#elif !defined SIN_TRUSTS_THE_HOST
  if (!routes || routes->size < sizeof *routes || !self->exchange ||
      self->exchange->size < sizeof *self->exchange || !config || config->size < sizeof *config)
    return fail(error, "broken.no_host");
  if (!self->cache || self->cache->size < sizeof *self->cache || !self->operations ||
      self->operations->size < sizeof *self->operations)
    return fail(error, "broken.no_host");
#endif
#ifdef SIN_WANTS_EXACT_TABLES
  if (routes->size != sizeof *routes) return fail(error, "broken.not_my_size");
#endif
  portico_buffer settings = {NULL, 0, 0};
  const portico_status read = config->snapshot(self->host, &settings);
#ifdef SIN_IGNORES_FAILURE
  (void)read;
  volatile char first = settings.data[0];
  (void)first;
#else
  if (read != PORTICO_OK) return fail(error, "broken.no_settings");
#endif
#ifdef SIN_CRASHES_ON_A_SETTING
  if (memmem(settings.data, settings.size, "\"colour\":\"\"", 11)) abort();
#elif defined SIN_TRUSTS_SETTINGS
  if (!memmem(settings.data, settings.size, "\"colour\":\"", 10)) abort();
#endif
#ifdef SIN_KEEPS_LEASE
  settings.lease = 0;
#endif
  if (settings.lease) self->host->release(self->host, settings.lease);
#if defined SIN_THREAD_LEFT
  pthread_t thread;
  pthread_create(&thread, NULL, for_ever, NULL);
  pthread_detach(thread);
#elif defined SIN_THREAD_LOCAL
  __cxa_thread_atexit_impl(at_thread_end, NULL, &__dso_handle);
#elif defined SIN_SIGNAL_HANDLER
  signal(SIGUSR1, on_signal);
#elif defined SIN_CHANGES_FOLDER
  if (chdir("/usr") != 0) return fail(error, "broken.chdir");
#elif defined SIN_CHANGES_MASK
  umask(0);
#elif defined SIN_CHANGES_ENVIRONMENT
  setenv("PORTICO_BROKEN", "1", 1);
#elif defined SIN_CHANGES_LOCALE
  setlocale(LC_ALL, "C.UTF-8");
#elif defined SIN_DESCRIPTOR_LEFT
  if (dup(0) < 0) return fail(error, "broken.dup");
#elif defined SIN_LEAKS
  static char* volatile lost;
  lost = malloc(64 * 1024);
  if (lost) memset(lost, 1, 64 * 1024);
#elif defined SIN_START_ABORTS
  abort();
#elif defined SIN_START_WITHOUT_END
  error->status = 500;
  memset(error->detail, 'x', sizeof error->detail);
  memset(error->members, 'x', sizeof error->members);
  return PORTICO_E_PROBLEM;
#elif defined SIN_START_FAILS
  return fail(error, "broken.start");
#endif
#ifdef SIN_REENTRANT
  if (self->operations->provide(self->host, text("broken.itself/1"), itself, self, error) != PORTICO_OK)
    return PORTICO_E_PROBLEM;
#endif
#ifdef SIN_TRUSTS_ARGUMENTS
  if (self->operations->provide(self->host, text("broken.trusts/1"), trusts, self, error) != PORTICO_OK)
    return PORTICO_E_PROBLEM;
#endif
  portico_route route;
  memset(&route, 0, sizeof route);
  route.size = sizeof route;
  route.access = PORTICO_ACCESS_ANYONE;
  route.method = text("GET");
  route.pattern = text(ROUTE);
  route.summary = text("Answers, or does not");
  route.deadline_ms = 2000;
  route.handler = serve;
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
  struct state* self = calloc(1, sizeof *self);
  if (!self) return fail(error, "broken.no_memory");
  self->host = host;
#ifdef SIN_FORGED_PLUGIN_SIZE
  self->plugin.size = 8;
#else
  self->plugin.size = sizeof self->plugin;
#endif
  self->plugin.context = self;
  self->plugin.start = start;
  self->plugin.stop = stop;
  self->plugin.destroy = destroy;
#ifdef SIN_CREATES_NOTHING
  free(self);
  self = NULL;
  *out = NULL;
  return PORTICO_OK;
#endif
  *out = &self->plugin;
  return PORTICO_OK;
}

#ifndef SIN_NO_ENTRY
PORTICO_EXPORT const portico_entry* portico_plugin_entry_v1(void) {
  static const portico_entry entry = {
#ifdef SIN_FORGED_ENTRY_SIZE
      4,
#else
      sizeof entry,
#endif
#ifdef SIN_WRONG_MAJOR_IN_ENTRY
      PORTICO_ABI_MAJOR + 1,
#else
      PORTICO_ABI_MAJOR,
#endif
      PORTICO_ABI_MINOR, 0, create};
  return &entry;
}
#endif
