#include "imap/traits.h"

#include "imap/session.h"

void imap_traits_read(const struct imap *imap, struct imap_traits *traits) {
    *traits = (struct imap_traits){
        .move = imap->has.move,
        .uidplus = imap->has.uidplus,
        .idle = imap->has.idle,
        .certificate_expires = connection_certificate_expires(imap->connection),
    };
}
