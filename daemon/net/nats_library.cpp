#include "net/nats_library.hpp"

namespace basewatch::net {

namespace {

NatsLibrary load() {
    ClientLibrary library("libnats.so.3.4", "libnats3.4");
    NatsLibrary functions;
    library.find("nats_Open", functions.open)
        .find("nats_GetLastError", functions.last_error)
        .find("nats_ReleaseThreadMemory", functions.release_thread_memory)
        .find("natsStatus_GetText", functions.status_text)
        .find("natsOptions_Create", functions.options_create)
        .find("natsOptions_Destroy", functions.options_destroy)
        .find("natsOptions_SetURL", functions.set_url)
        .find("natsOptions_SetName", functions.set_name)
        .find("natsOptions_SetTimeout", functions.set_timeout)
        .find("natsOptions_SetPingInterval", functions.set_ping_interval)
        .find("natsOptions_SetAllowReconnect", functions.set_allow_reconnect)
        .find("natsOptions_SetIgnoreDiscoveredServers", functions.set_ignore_discovered_servers)
        .find("natsOptions_SetErrorHandler", functions.set_error_handler)
        .find("natsOptions_SetSecure", functions.set_secure)
        .find("natsOptions_SetExpectedHostname", functions.set_expected_hostname)
        .find("natsOptions_LoadCATrustedCertificates", functions.load_ca)
        .find("natsOptions_LoadCertificatesChain", functions.load_certificate)
        .find("natsOptions_SetUserInfo", functions.set_user)
        .find("natsOptions_SetToken", functions.set_token)
        .find("natsOptions_SetNKeyFromSeed", functions.set_nkey)
        .find("natsOptions_SetUserCredentialsFromFiles", functions.set_credentials)
        .find("natsConnection_Connect", functions.connect)
        .find("natsConnection_GetLocalIPAndPort", functions.local_address)
        .find("natsConnection_GetLastError", functions.connection_error)
        .find("natsConnection_PublishMsg", functions.publish)
        .find("natsConnection_FlushTimeout", functions.flush)
        .find("natsConnection_Destroy", functions.connection_destroy)
        .find("natsConnection_JetStream", functions.jetstream)
        .find("jsCtx_Destroy", functions.jetstream_destroy)
        .find("jsPubOptions_Init", functions.publish_options_init)
        .find("js_PublishMsg", functions.jetstream_publish)
        .find("jsPubAck_Destroy", functions.ack_destroy)
        .find("natsMsg_Create", functions.message_create)
        .find("natsMsg_GetSubject", functions.subject_of)
        .find("natsMsgHeader_Set", functions.header_set)
        .find("natsMsg_Destroy", functions.message_destroy);
    functions.usable = library.usable();
    // -1: how long its locks spin is the library's to say.
    if (functions.usable && functions.open(-1) != NATS_OK)
        functions.usable = Error(ErrorKind::unsupported, "the NATS library could not be set up");
    return functions;
}

}  // namespace

const NatsLibrary& nats_library() {
    static const NatsLibrary functions = load();
    return functions;
}

}  // namespace basewatch::net
