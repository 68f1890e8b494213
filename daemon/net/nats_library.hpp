#pragma once
// The functions of the NATS client library (cnats) that publishing takes, loaded when the first message is
// published (net/client_library.hpp).

#include "net/client_library.hpp"

#include <nats/nats.h>

namespace basewatch::net {

struct NatsLibrary {
    decltype(&nats_Open) open = nullptr;
    decltype(&nats_GetLastError) last_error = nullptr;
    decltype(&nats_ReleaseThreadMemory) release_thread_memory = nullptr;
    decltype(&natsStatus_GetText) status_text = nullptr;
    decltype(&natsOptions_Create) options_create = nullptr;
    decltype(&natsOptions_Destroy) options_destroy = nullptr;
    decltype(&natsOptions_SetURL) set_url = nullptr;
    decltype(&natsOptions_SetName) set_name = nullptr;
    decltype(&natsOptions_SetTimeout) set_timeout = nullptr;
    decltype(&natsOptions_SetPingInterval) set_ping_interval = nullptr;
    decltype(&natsOptions_SetAllowReconnect) set_allow_reconnect = nullptr;
    decltype(&natsOptions_SetIgnoreDiscoveredServers) set_ignore_discovered_servers = nullptr;
    decltype(&natsOptions_SetErrorHandler) set_error_handler = nullptr;
    decltype(&natsOptions_SetSecure) set_secure = nullptr;
    decltype(&natsOptions_SetExpectedHostname) set_expected_hostname = nullptr;
    decltype(&natsOptions_LoadCATrustedCertificates) load_ca = nullptr;
    decltype(&natsOptions_LoadCertificatesChain) load_certificate = nullptr;
    decltype(&natsOptions_SetUserInfo) set_user = nullptr;
    decltype(&natsOptions_SetToken) set_token = nullptr;
    decltype(&natsOptions_SetNKeyFromSeed) set_nkey = nullptr;
    decltype(&natsOptions_SetUserCredentialsFromFiles) set_credentials = nullptr;
    decltype(&natsConnection_Connect) connect = nullptr;
    decltype(&natsConnection_GetLocalIPAndPort) local_address = nullptr;
    decltype(&natsConnection_GetLastError) connection_error = nullptr;
    decltype(&natsConnection_PublishMsg) publish = nullptr;
    decltype(&natsConnection_FlushTimeout) flush = nullptr;
    decltype(&natsConnection_Destroy) connection_destroy = nullptr;
    decltype(&natsConnection_JetStream) jetstream = nullptr;
    decltype(&jsCtx_Destroy) jetstream_destroy = nullptr;
    decltype(&jsPubOptions_Init) publish_options_init = nullptr;
    decltype(&js_PublishMsg) jetstream_publish = nullptr;
    decltype(&jsPubAck_Destroy) ack_destroy = nullptr;
    decltype(&natsMsg_Create) message_create = nullptr;
    decltype(&natsMsg_GetSubject) subject_of = nullptr;
    decltype(&natsMsgHeader_Set) header_set = nullptr;
    decltype(&natsMsg_Destroy) message_destroy = nullptr;
    Result<void> usable;  // nothing is to be called where it is a fault
};

// Loaded and set up at the first call, which must be made before any other thread could be in it.
const NatsLibrary& nats_library();

}  // namespace basewatch::net
