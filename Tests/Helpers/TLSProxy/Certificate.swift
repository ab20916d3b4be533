import CLibSSL
import Glibc

/// A certificate and its key, created for one test.
///
/// `@unchecked Sendable` is sound: both are immutable after initialization, and OpenSSL counts references atomically.
public final class Certificate: @unchecked Sendable {
  public struct Validity: Sendable {
    /// The start, in seconds from now.
    public var from: Int
    public var to: Int

    public static let now = Validity(from: -86_400, to: 86_400)
    public static let over = Validity(from: -172_800, to: -86_400)
    public static let notYet = Validity(from: 86_400, to: 172_800)
  }

  let x509: OpaquePointer
  let key: OpaquePointer

  /// - Parameters:
  ///   - names: for instance `IP:127.0.0.1,DNS:localhost`; nil for an authority.
  ///   - issuer: nil for a self-signed certificate.
  public init(_ name: String, for names: String?, validity: Validity = .now, issuer: Certificate? = nil) {
    guard let x509 = X509_new(), let key = test_make_key() else { preconditionFailure("no certificate") }
    (self.x509, self.key) = (x509, key)
    X509_set_version(x509, 2)
    ASN1_INTEGER_set(X509_get_serialNumber(x509), Int.random(in: 1...1 << 60))
    X509_gmtime_adj(X509_getm_notBefore(x509), validity.from)
    X509_gmtime_adj(X509_getm_notAfter(x509), validity.to)
    let subject = X509_get_subject_name(x509)
    X509_NAME_add_entry_by_txt(subject, "CN", MBSTRING_UTF8, name, -1, -1, 0)
    X509_set_issuer_name(x509, issuer.map { X509_get_subject_name($0.x509) } ?? subject)
    X509_set_pubkey(x509, key)
    if let names {
      add(NID_subject_alt_name, names)
    } else {
      add(NID_basic_constraints, "critical,CA:TRUE")
    }
    guard X509_sign(x509, issuer?.key ?? key, EVP_sha256()) > 0 else { preconditionFailure("no signature") }
  }

  deinit {
    X509_free(x509)
    EVP_PKEY_free(key)
  }

  private func add(_ nid: Int32, _ value: String) {
    var context = X509V3_CTX()
    X509V3_set_ctx(&context, x509, x509, nil, nil, 0)
    guard let part = X509V3_EXT_conf_nid(nil, &context, nid, value) else { preconditionFailure("bad '\(value)'") }
    X509_add_ext(x509, part, -1)
    X509_EXTENSION_free(part)
  }

  /// Writes the certificate without its key, as a file for SSL_CERT_FILE.
  public func write(to path: String) {
    guard let file = fopen(path, "w") else { preconditionFailure("cannot write \(path)") }
    PEM_write_X509(file, x509)
    fclose(file)
  }

  /// The file name that the certificate needs in a folder for SSL_CERT_DIR.
  public var hashedName: String {
    let hash = String(X509_subject_name_hash(x509), radix: 16)
    return String(repeating: "0", count: 8 - hash.count) + hash + ".0"
  }
}
