import Foundation

/// Certificates created for one run of the tests: two authorities, and certificates that the first has signed.
struct Certificates {
  let folder: String

  func path(_ name: String) -> String { folder + "/" + name }

  /// - `ca.crt`, `other-ca.crt`: authorities
  /// - `server.crt`: of a server named localhost; `expired.crt`: the same, expired yesterday; `server.key`: their key
  /// - `client.crt`, `client.key`: of a user named certified
  static func make(in folder: String) throws -> Certificates {
    _ = try Shell.run(
      """
      set -eu
      umask 077
      mkdir "$folder"
      cd "$folder"
      request() { openssl req -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes "$@" 2>>log; }
      sign() { openssl x509 -req -CA ca.crt -CAkey ca.key -copy_extensions copy "$@" 2>>log; }
      for name in ca other-ca; do request -x509 -days 2 -subj "/CN=$name" -keyout "$name.key" -out "$name.crt"; done
      request -new -subj /CN=localhost -addext subjectAltName=DNS:localhost -keyout server.key -out server.csr
      sign -in server.csr -days 2 -out server.crt
      sign -in server.csr -days -1 -out expired.crt
      request -new -subj /CN=certified -keyout client.key -out client.csr
      sign -in client.csr -days 2 -out client.crt
      """, ["folder": folder])
    return Certificates(folder: folder)
  }
}
