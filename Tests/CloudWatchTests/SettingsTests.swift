import CloudWatch
import LoopbackServer
import Testing

@Suite struct SettingsTests {
  static let keys = ["AWS_ACCESS_KEY_ID": "AKIDEXAMPLE", "AWS_SECRET_ACCESS_KEY": "secret"]
  static let whole = keys.merging(["CLOUDWATCH_LOG_GROUP": "/docker/etl", "AWS_REGION": "ap-northeast-1"]) { $1 }

  private func read(_ more: [String: String], without names: Set<String> = []) throws -> CloudWatchSettings? {
    let variables = Self.whole.merging(more) { $1 }.filter { !names.contains($0.key) }
    return try CloudWatchSettings.read { variables[$0] }
  }

  @Test func theOutputIsOffWithoutALogGroup() throws {
    #expect(try read([:], without: ["CLOUDWATCH_LOG_GROUP"]) == nil)
  }

  @Test func settingsAreReadFromTheUsualVariables() throws {
    let settings = try #require(try read([:]))
    #expect(settings.destination == Destination(region: "ap-northeast-1", group: "/docker/etl", stream: "console"))
    #expect(settings.endpoint == "https://logs.ap-northeast-1.amazonaws.com")
    #expect(settings.exitSeconds == 5)
    let china = try #require(try read(["AWS_DEFAULT_REGION": "cn-north-1"], without: ["AWS_REGION"]))
    #expect(china.endpoint == "https://logs.cn-north-1.amazonaws.com.cn")
    let local = try #require(
      try read(["AWS_ENDPOINT_URL": "http://127.0.0.1:5000/", "CLOUDWATCH_EXIT_SECONDS": "0.5"]))
    #expect(local.endpoint == "http://127.0.0.1:5000" && local.exitSeconds == 0.5)
  }

  @Test(arguments: [
    ["AWS_REGION": "x/../y"], ["CLOUDWATCH_LOG_GROUP": "a b"], ["CLOUDWATCH_LOG_STREAM": "a:b"],
    ["AWS_ENDPOINT_URL": "http://logs.example.org"], ["AWS_ENDPOINT_URL": "http://127.0.0.1@example.org"],
    ["AWS_ENDPOINT_URL": "http://127.0.0.1.example.org"], ["AWS_ENDPOINT_URL": "ftp://127.0.0.1"],
    ["AWS_ENDPOINT_URL": "http://0127.0.0.1:9"], ["AWS_ENDPOINT_URL": "http://[::1].example.org"],
    ["AWS_ENDPOINT_URL": "http://localhost:80@example.org/"], ["CLOUDWATCH_EXIT_SECONDS": "-1"],
    ["CLOUDWATCH_EXIT_SECONDS": "nan"], ["AWS_ACCESS_KEY_ID": "AKIDEXAMPLE\n"], ["AWS_SESSION_TOKEN": "t\r\nX: 1"],
  ])
  func anInvalidValueIsAnError(_ more: [String: String]) {
    #expect(throws: CloudWatchProblem.self) { try read(more) }
  }

  @Test func missingKeysOrAMissingRegionAreErrors() {
    #expect(throws: CloudWatchProblem.self) { try read([:], without: ["AWS_SECRET_ACCESS_KEY"]) }
    #expect(throws: CloudWatchProblem.self) { try read([:], without: ["AWS_REGION"]) }
    #expect(throws: CloudWatchProblem.self) {
      try read(["AWS_EC2_METADATA_DISABLED": "true"], without: Set(Self.keys.keys))
    }
  }

  /// Credentials are requested only from an address of this machine, for any value of the variable.
  @Test(arguments: [
    "@127.0.0.1:8041/x", ".example.org/x", ":80@example.org/x", "v2/credentials", "", "?x", "\\x", "／x",
  ])
  func containerCredentialsAreRequestedOnlyFromTheContainerService(_ path: String) {
    #expect(throws: CloudWatchProblem.self) {
      try read(["AWS_CONTAINER_CREDENTIALS_RELATIVE_URI": path], without: Set(Self.keys.keys))
    }
    for url in ["http://169.254.170.2" + path, "http://127.0.0.1" + path] where path.contains("example.org") {
      #expect(throws: CloudWatchProblem.self) {
        try read(["AWS_CONTAINER_CREDENTIALS_FULL_URI": url], without: Set(Self.keys.keys))
      }
    }
  }

  @Test func aPathOfTheContainerServiceIsAccepted() throws {
    for path in ["/v2/credentials/x", "//x", "/@127.0.0.1:8041/x"] {
      #expect(try read(["AWS_CONTAINER_CREDENTIALS_RELATIVE_URI": path], without: Set(Self.keys.keys)) != nil)
    }
  }

  /// The services for a container's role and an instance's role, replaced by a server on loopback.
  @Test func requestsAreSignedWithTheKeysOfARole() throws {
    let answer = """
      {"AccessKeyId":"ASIAROLE","SecretAccessKey":"s","Token":"role token","Expiration":"2099-01-01T00:00:00Z"}
      """
    let roles = try LoopbackServer { request, responder in
      let token = request.headers["X-aws-ec2-metadata-token"]
      let text: String? =
        switch (request.method, request.path) {
        case ("GET", "/container") where request.headers["Authorization"] == "let me in": answer
        case ("PUT", "/latest/api/token") where request.headers["X-aws-ec2-metadata-token-ttl-seconds"] != nil:
          "session"
        case ("GET", "/latest/meta-data/iam/security-credentials/") where token == "session": "etl-role\n"
        case ("GET", "/latest/meta-data/iam/security-credentials/etl-role") where token == "session": answer
        default: nil
        }
      try responder.sendHead(status: text == nil ? 401 : 200, headers: ["Content-Length": "\(text?.utf8.count ?? 0)"])
      try responder.send(Array((text ?? "").utf8))
    }
    let service = try LogsService()
    for variables in [
      [
        "AWS_CONTAINER_CREDENTIALS_FULL_URI": roles.url("/container"), "AWS_CONTAINER_AUTHORIZATION_TOKEN": "let me in",
      ],
      ["AWS_EC2_METADATA_SERVICE_ENDPOINT": roles.url("/")],
    ] {
      let more = variables.merging(["AWS_ENDPOINT_URL": service.url]) { $1 }
      let output = CloudWatchOutput(try #require(try read(more, without: Set(Self.keys.keys))))
      output.write(record(1))
      #expect(output.close() == CloudWatchOutput.Report())
    }
    #expect(service.batches.count == 2)
    for headers in service.headers {
      #expect(headers["X-Amz-Security-Token"] == "role token")
      #expect(headers["Authorization"]?.contains("Credential=ASIAROLE/") == true)
    }
    #expect(roles.requests.count == 4)
  }
}
