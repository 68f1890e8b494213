#pragma once
// The functions of librdkafka that sending to Kafka takes, from the library that is loaded by the first
// target that needs it (net/client_library.hpp).

#include "net/client_library.hpp"

#include <librdkafka/rdkafka.h>

namespace basewatch::net {

struct Kafka {
    decltype(&rd_kafka_version) version = nullptr;
    decltype(&rd_kafka_conf_new) conf_new = nullptr;
    decltype(&rd_kafka_conf_destroy) conf_destroy = nullptr;
    decltype(&rd_kafka_conf_set) conf_set = nullptr;
    decltype(&rd_kafka_conf_set_opaque) conf_set_opaque = nullptr;
    decltype(&rd_kafka_conf_set_dr_msg_cb) conf_set_dr_msg_cb = nullptr;
    decltype(&rd_kafka_conf_set_error_cb) conf_set_error_cb = nullptr;
    decltype(&rd_kafka_conf_set_log_cb) conf_set_log_cb = nullptr;
    decltype(&rd_kafka_conf_set_connect_cb) conf_set_connect_cb = nullptr;
    decltype(&rd_kafka_conf_set_resolve_cb) conf_set_resolve_cb = nullptr;
    decltype(&rd_kafka_new) create = nullptr;
    decltype(&rd_kafka_destroy) destroy = nullptr;
    decltype(&rd_kafka_set_log_queue) set_log_queue = nullptr;
    decltype(&rd_kafka_queue_get_main) queue_get_main = nullptr;
    decltype(&rd_kafka_queue_io_event_enable) queue_io_event_enable = nullptr;
    decltype(&rd_kafka_queue_destroy) queue_destroy = nullptr;
    decltype(&rd_kafka_headers_new) headers_new = nullptr;
    decltype(&rd_kafka_header_add) header_add = nullptr;
    decltype(&rd_kafka_headers_destroy) headers_destroy = nullptr;
    decltype(&rd_kafka_produceva) produceva = nullptr;
    decltype(&rd_kafka_poll) poll = nullptr;
    decltype(&rd_kafka_fatal_error) fatal_error = nullptr;
    decltype(&rd_kafka_error_code) error_code = nullptr;
    decltype(&rd_kafka_error_destroy) error_destroy = nullptr;
    decltype(&rd_kafka_err2name) err2name = nullptr;
    decltype(&rd_kafka_err2str) err2str = nullptr;
    Result<void> usable;  // nothing is to be called where it is a fault
};

// Loaded at the first call, on the loop thread.
const Kafka& kafka();

}  // namespace basewatch::net
