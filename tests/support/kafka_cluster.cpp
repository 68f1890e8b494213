#include "support/kafka_cluster.hpp"

#include <chrono>
#include <sstream>
#include <stdexcept>

namespace basewatch::test {

namespace {

using namespace std::chrono_literals;

void say_nothing(const rd_kafka_t*, int, const char*, const char*) {}

rd_kafka_t* client(rd_kafka_type_t type, const std::map<std::string, std::string>& settings) {
    char fault[300] = "";
    auto* configuration = rd_kafka_conf_new();
    for (const auto& [name, value] : settings)
        if (rd_kafka_conf_set(configuration, name.c_str(), value.c_str(), fault, sizeof fault) !=
            RD_KAFKA_CONF_OK)
            throw std::runtime_error(fault);
    rd_kafka_conf_set_log_cb(configuration, say_nothing);
    auto* made = rd_kafka_new(type, configuration, fault, sizeof fault);
    if (made == nullptr) throw std::runtime_error(fault);
    return made;
}

KafkaRecord record_of(const rd_kafka_message_t& message) {
    KafkaRecord record;
    record.value.assign(static_cast<const char*>(message.payload), message.len);
    record.has_key = message.key != nullptr;
    if (record.has_key) record.key.assign(static_cast<const char*>(message.key), message.key_len);
    record.partition = message.partition;
    rd_kafka_headers_t* headers = nullptr;
    if (rd_kafka_message_headers(&message, &headers) != RD_KAFKA_RESP_ERR_NO_ERROR) return record;
    const char* name = nullptr;
    const void* value = nullptr;
    std::size_t size = 0;
    for (std::size_t i = 0; rd_kafka_header_get_all(headers, i, &name, &value, &size) == 0; ++i)
        record.headers[name] = std::string(static_cast<const char*>(value), size);
    return record;
}

}  // namespace

KafkaCluster::KafkaCluster(int brokers)
    : handle_(client(RD_KAFKA_PRODUCER, {{"client.id", "mock"}})),
      cluster_(rd_kafka_mock_cluster_new(handle_, brokers)) {}

KafkaCluster::~KafkaCluster() {
    rd_kafka_mock_cluster_destroy(cluster_);
    rd_kafka_destroy(handle_);
}

std::vector<std::string> KafkaCluster::brokers() const {
    std::istringstream list(rd_kafka_mock_cluster_bootstraps(cluster_));
    std::vector<std::string> brokers;
    for (std::string broker; std::getline(list, broker, ',');) brokers.push_back(broker);
    return brokers;
}

void KafkaCluster::create(const std::string& topic, int partitions) {
    rd_kafka_mock_topic_create(cluster_, topic.c_str(), partitions, 1);
}

void KafkaCluster::fail(Request request, rd_kafka_resp_err_t error, int count) {
    std::vector<rd_kafka_resp_err_t> errors(static_cast<std::size_t>(count), error);
    rd_kafka_mock_push_request_errors_array(cluster_, static_cast<std::int16_t>(request), errors.size(),
                                            errors.data());
}

void KafkaCluster::forgive(Request request) {
    rd_kafka_mock_clear_request_errors(cluster_, static_cast<std::int16_t>(request));
}

void KafkaCluster::fail(const std::string& topic, rd_kafka_resp_err_t error) {
    rd_kafka_mock_topic_set_error(cluster_, topic.c_str(), error);
}

void KafkaCluster::stop(int broker) {
    rd_kafka_mock_broker_set_down(cluster_, broker);
}

void KafkaCluster::start(int broker) {
    rd_kafka_mock_broker_set_up(cluster_, broker);
}

std::vector<KafkaRecord> KafkaCluster::records(const std::string& topic, std::size_t count) const {
    auto* consumer =
        client(RD_KAFKA_CONSUMER, {{"bootstrap.servers", rd_kafka_mock_cluster_bootstraps(cluster_)},
                                   {"group.id", "test"},
                                   {"auto.offset.reset", "earliest"},
                                   {"enable.partition.eof", "true"}});
    std::vector<KafkaRecord> found;
    const rd_kafka_metadata_t* metadata = nullptr;
    auto* known = rd_kafka_topic_new(consumer, topic.c_str(), nullptr);
    if (rd_kafka_metadata(consumer, 0, known, &metadata, 10'000) != RD_KAFKA_RESP_ERR_NO_ERROR)
        throw std::runtime_error("the mock cluster does not answer");
    int partitions = metadata->topics[0].partition_cnt;
    rd_kafka_metadata_destroy(metadata);
    auto* all = rd_kafka_topic_partition_list_new(partitions);
    for (int i = 0; i < partitions; ++i)
        rd_kafka_topic_partition_list_add(all, topic.c_str(), i)->offset = RD_KAFKA_OFFSET_BEGINNING;
    rd_kafka_assign(consumer, all);
    rd_kafka_topic_partition_list_destroy(all);
    auto until = std::chrono::steady_clock::now() + 10s;
    int at_end = 0;
    while (std::chrono::steady_clock::now() < until && (found.size() < count || at_end < partitions)) {
        auto* message = rd_kafka_consumer_poll(consumer, 100);
        if (message == nullptr) continue;
        if (message->err == RD_KAFKA_RESP_ERR_NO_ERROR) found.push_back(record_of(*message));
        if (message->err == RD_KAFKA_RESP_ERR__PARTITION_EOF) ++at_end;
        rd_kafka_message_destroy(message);
    }
    rd_kafka_topic_destroy(known);
    rd_kafka_consumer_close(consumer);
    rd_kafka_destroy(consumer);
    return found;
}

}  // namespace basewatch::test
