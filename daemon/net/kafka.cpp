#include "net/kafka.hpp"

namespace basewatch::net {

namespace {

Kafka load() {
    ClientLibrary library("librdkafka.so.1", "librdkafka1");
    Kafka functions;
    library.find("rd_kafka_version", functions.version)
        .find("rd_kafka_conf_new", functions.conf_new)
        .find("rd_kafka_conf_destroy", functions.conf_destroy)
        .find("rd_kafka_conf_set", functions.conf_set)
        .find("rd_kafka_conf_set_opaque", functions.conf_set_opaque)
        .find("rd_kafka_conf_set_dr_msg_cb", functions.conf_set_dr_msg_cb)
        .find("rd_kafka_conf_set_error_cb", functions.conf_set_error_cb)
        .find("rd_kafka_conf_set_log_cb", functions.conf_set_log_cb)
        .find("rd_kafka_conf_set_connect_cb", functions.conf_set_connect_cb)
        .find("rd_kafka_conf_set_resolve_cb", functions.conf_set_resolve_cb)
        .find("rd_kafka_new", functions.create)
        .find("rd_kafka_destroy", functions.destroy)
        .find("rd_kafka_set_log_queue", functions.set_log_queue)
        .find("rd_kafka_queue_get_main", functions.queue_get_main)
        .find("rd_kafka_queue_io_event_enable", functions.queue_io_event_enable)
        .find("rd_kafka_queue_destroy", functions.queue_destroy)
        .find("rd_kafka_headers_new", functions.headers_new)
        .find("rd_kafka_header_add", functions.header_add)
        .find("rd_kafka_headers_destroy", functions.headers_destroy)
        .find("rd_kafka_produceva", functions.produceva)
        .find("rd_kafka_poll", functions.poll)
        .find("rd_kafka_fatal_error", functions.fatal_error)
        .find("rd_kafka_error_code", functions.error_code)
        .find("rd_kafka_error_destroy", functions.error_destroy)
        .find("rd_kafka_err2name", functions.err2name)
        .find("rd_kafka_err2str", functions.err2str);
    functions.usable = library.usable();
    return functions;
}

}  // namespace

const Kafka& kafka() {
    static const Kafka functions = load();
    return functions;
}

}  // namespace basewatch::net
