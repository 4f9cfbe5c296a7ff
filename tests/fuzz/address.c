/* An e-mail address, taken apart and brought into its two forms. */
#include "classify/address.h"
#include "fuzz.h"

#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    struct arena *arena = arena_new();
    struct bytes text = fuzz_input(data, size);
    struct address address, again;
    if (address_parse(text, arena, &address)) {
        const char *written = address_write(&address, arena);
        MUST(address_parse(bytes_of(written), arena, &again));
        MUST(!strcmp(again.local, address.local) && !strcmp(again.domain, address.domain));
        MUST(!strcmp(address_normalise(written, arena), written));

        /* The form under which addresses are counted is one, from wherever it is asked for. */
        const char *key = address_key(written, arena);
        MUST(key && !strcmp(key, address_write_key(&address, arena)));
        MUST(!strcmp(address_key(key, arena), key));
        MUST(!strcmp(address_key(ascii_lower_string(arena_string(arena, written)), arena), key));
    }
    arena_free(arena);
    return 0;
}
