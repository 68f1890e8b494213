#pragma once
// Brokers that speak Kafka's protocol on loopback ports (librdkafka's mock cluster, rdkafka_mock.h), and a
// consumer that reads what they were given. Threads of the library's own; no TLS and no logins (for those:
// support/fake_kafka_broker.hpp).

#include <librdkafka/rdkafka.h>
#include <librdkafka/rdkafka_mock.h>
#include <map>
#include <string>
#include <vector>

namespace basewatch::test {

struct KafkaRecord {
    std::string key, value;
    bool has_key = false;
    std::map<std::string, std::string> headers;
    int partition = 0;
};

class KafkaCluster {
public:
    enum class Request : std::int16_t { produce = 0, metadata = 3, init_producer_id = 22 };

    explicit KafkaCluster(int brokers = 1);
    ~KafkaCluster();
    KafkaCluster(const KafkaCluster&) = delete;
    KafkaCluster& operator=(const KafkaCluster&) = delete;

    std::vector<std::string> brokers() const;  // host:port
    void create(const std::string& topic, int partitions = 1);
    // The next `count` requests of a kind are answered by this error; ERR__TRANSPORT hangs up.
    void fail(Request request, rd_kafka_resp_err_t error, int count = 1);
    // No more of them.
    void forgive(Request request);
    // What is asked about the topic is.
    void fail(const std::string& topic, rd_kafka_resp_err_t error);
    void stop(int broker = 1);
    void start(int broker = 1);
    // What stands in a topic, in the order of each partition: waits until there are `count`, or for ten
    // seconds; and then as long as more comes without a pause.
    std::vector<KafkaRecord> records(const std::string& topic, std::size_t count) const;

private:
    rd_kafka_t* handle_;
    rd_kafka_mock_cluster_t* cluster_;
};

}  // namespace basewatch::test
