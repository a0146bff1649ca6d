/* The manifest inside the binary: an ELF note that the host reads before any code of the plugin runs. */
#ifndef PORTICO_ABI_MANIFEST_H
#define PORTICO_ABI_MANIFEST_H

#include "base.h"

/* Once per plugin, outside of functions: PORTICO_EMBED_MANIFEST("manifest.json"). The assembler looks for the
   file in the folder it runs in and in those of -I. Other languages write the same note: type 1, name
   "Portico". */
#define PORTICO_EMBED_MANIFEST(file)                        \
  __asm__(                                                  \
      ".pushsection .note.portico.manifest, \"a\", %note\n" \
      ".balign 4\n"                                         \
      ".long 8, 2f - 1f, 1\n"                               \
      ".asciz \"Portico\"\n"                                \
      "1: .incbin \"" file                                  \
      "\"\n"                                                \
      "2: .balign 4\n"                                      \
      ".popsection\n");

#endif
