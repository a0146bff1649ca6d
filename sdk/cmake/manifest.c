/* Embeds the manifest.json of the folder the compiler runs in; for builds with pkg-config. */
#include <portico/abi/manifest.h>

PORTICO_EMBED_MANIFEST("manifest.json")
