#pragma once
// What a mail server's reply means for a delivery (RFC 5321 §4.2.1): 2xx took it, 4xx may take it later, 5xx
// never will. A mail to several people is taken for all of them or tried again for all.

#include "dispatch/way_out.hpp"

namespace basewatch::dispatch {

Answer read_reply(const presets::Target& target, const Result<net::MailReply>& reply,
                  const PrivateParts& parts, Try when, Time now);

}  // namespace basewatch::dispatch
