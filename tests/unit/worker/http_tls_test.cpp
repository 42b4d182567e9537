// https against a server whose certificate nobody vouches for.
#include <arpa/inet.h>
#include <netinet/in.h>
#include <openssl/evp.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>
#include <sys/socket.h>
#include <unistd.h>

#include "tests/unit/worker/http_node_fixture.hpp"

namespace r8r::worker {
namespace {

using testing::HasSubstr;

/// A TLS server on loopback with a certificate that it has signed itself; answers every request with 200 and closes.
class SelfSignedServer {
 public:
  SelfSignedServer() : context_(SSL_CTX_new(TLS_server_method())) {
    EVP_PKEY* const key = EVP_RSA_gen(2048);
    X509* const certificate = X509_new();
    ASN1_INTEGER_set(X509_get_serialNumber(certificate), 1);
    X509_gmtime_adj(X509_getm_notBefore(certificate), -60);
    X509_gmtime_adj(X509_getm_notAfter(certificate), 3'600);
    X509_set_pubkey(certificate, key);
    X509_NAME* const name = X509_get_subject_name(certificate);
    X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC, reinterpret_cast<const unsigned char*>("127.0.0.1"), -1, -1,
                               0);
    X509_set_issuer_name(certificate, name);
    X509_sign(certificate, key, EVP_sha256());
    SSL_CTX_use_certificate(context_, certificate);
    SSL_CTX_use_PrivateKey(context_, key);
    X509_free(certificate);
    EVP_PKEY_free(key);

    listener_ = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t length = sizeof address;
    if (::bind(listener_, reinterpret_cast<sockaddr*>(&address), length) != 0 || ::listen(listener_, 8) != 0)
      throw std::runtime_error("cannot listen on loopback");
    ::getsockname(listener_, reinterpret_cast<sockaddr*>(&address), &length);
    port_ = ntohs(address.sin_port);
    thread_ = std::thread([this] { serve(); });
  }
  ~SelfSignedServer() {
    ::shutdown(listener_, SHUT_RDWR);
    thread_.join();
    ::close(listener_);
    SSL_CTX_free(context_);
  }

  std::string url() const { return "https://127.0.0.1:" + std::to_string(port_) + "/"; }
  int handshakes() const { return handshakes_; }

 private:
  void serve() {
    while (true) {
      const int fd = ::accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC);
      if (fd < 0) return;
      SSL* const tls = SSL_new(context_);
      SSL_set_fd(tls, fd);
      std::array<char, 4'096> request;
      // With TLS 1.3 a server's handshake ends before the client has judged the certificate: what counts is the
      // request.
      if (SSL_accept(tls) == 1 && SSL_read(tls, request.data(), static_cast<int>(request.size())) > 0) {
        ++handshakes_;
        const std::string answer = test::answer(200, R"({"secret":true})");
        SSL_write(tls, answer.data(), static_cast<int>(answer.size()));
        SSL_shutdown(tls);
      }
      SSL_free(tls);
      ::close(fd);
    }
  }

  SSL_CTX* context_;
  int listener_ = -1;
  int port_ = 0;
  std::atomic<int> handshakes_{0};
  std::thread thread_;
};

class HttpTls : public HttpNodeFixture {};

TEST_F(HttpTls, CertificateThatNobodyVouchesForIsRefused) {
  SelfSignedServer server;
  const EffectOutcome outcome = run(R"({"url":")" + server.url() + "\"}");
  EXPECT_THAT(error(outcome), HasSubstr("the server's certificate is not accepted"));
  EXPECT_FALSE(outcome.permanent);
  EXPECT_EQ(server.handshakes(), 0);
}

TEST_F(HttpTls, UnlessTheNodeSaysNotToLook) {
  SelfSignedServer server;
  const EffectOutcome outcome = run(R"({"url":")" + server.url() + R"(","verify_tls":false})");
  EXPECT_EQ(json(outcome, "body"), R"({"secret":true})");
  const EffectOutcome strict = run(R"({"url":")" + server.url() + "\"}");
  EXPECT_THAT(error(strict), HasSubstr("not accepted"))
      << "a connection that was not looked at serves nobody who looks";
}

}  // namespace
}  // namespace r8r::worker
