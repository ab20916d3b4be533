import CLibCurl

/// Performs requests with libcurl. Blocks, and passes bytes on as they arrive.
///
/// Accepts https and http URLs; the caller decides whether http is allowed. A GET follows at most five redirects, only
/// to https, and sends the cookies that these set. Certificates are always verified, TLS is 1.2 or later, and libcurl's proxy variables apply. An https
/// response with neither Content-Length nor chunked encoding is complete only after TLS's close_notify.
public struct Transfer: ~Copyable {
  private let handle: UnsafeMutableRawPointer
  /// Whether TLS's close_notify has arrived. Connections outlive a request and write to this memory, so it is freed
  /// after them.
  private let closed: UnsafeMutablePointer<Int32>

  /// Initialises libcurl, once per process and before any thread uses it.
  private static let isInitialised: Bool = registry_global_init() == CURLE_OK

  public init() throws(TransferError) {
    guard Self.isInitialised, let handle = curl_easy_init() else {
      throw TransferError(kind: .temporary, description: "libcurl cannot be initialised")
    }
    self.handle = handle
    closed = .allocate(capacity: 1)
    closed.initialize(to: 0)
  }

  deinit {
    curl_easy_cleanup(handle)
    closed.deallocate()
  }

  /// Performs the request.
  ///
  /// - Parameters:
  ///   - onHead: called with the final response's head before the first byte of its body, or at the end if it has no
  ///     body.
  ///   - onBody: called with pieces of the body, which are valid only during the call.
  ///   - check: called several times a second; an error that it throws ends the transfer.
  /// - Throws: a closure's error, or ``TransferError``.
  public mutating func perform(
    _ request: Request, onHead: (ResponseHead) throws -> Void, onBody: (UnsafeRawBufferPointer) throws -> Void,
    check: () throws -> Void
  ) throws {
    try withoutActuallyEscaping(onHead) { onHead in
      try withoutActuallyEscaping(onBody) { onBody in
        try withoutActuallyEscaping(check) { check in
          let (handle, closed) = (handle, closed)
          let exchange = ResponseReceiver(
            bounds: request, onHead: onHead, onBody: onBody, check: check,
            onStatus: { registry_watch_close_notify(handle, closed) != 0 })
          try run(request, exchange)
        }
      }
    }
  }

  private func run(_ request: Request, _ exchange: ResponseReceiver) throws {
    var list: UnsafeMutablePointer<curl_slist>?
    defer { curl_slist_free_all(list) }
    for header in request.headers { list = curl_slist_append(list, header) ?? list }
    var errorText = [CChar](repeating: 0, count: Int(CURL_ERROR_SIZE))
    let context = Unmanaged.passUnretained(exchange).toOpaque()
    let code = errorText.withUnsafeMutableBufferPointer { errorText in
      configure(request, list)
      configure(request.method)
      if let signature = request.signature { sign(signature) }
      registry_setopt_pointer(handle, CURLOPT_ERRORBUFFER, errorText.baseAddress)
      registry_setopt_pointer(handle, CURLOPT_HEADERDATA, context)
      registry_setopt_pointer(handle, CURLOPT_WRITEDATA, context)
      registry_setopt_pointer(handle, CURLOPT_XFERINFODATA, context)
      let code = curl_easy_perform(handle)
      registry_setopt_pointer(handle, CURLOPT_ERRORBUFFER, nil)
      return code
    }
    if let error = exchange.error { throw error }
    guard code == CURLE_OK else {
      let detail = errorText.withUnsafeBufferPointer { $0.baseAddress.map { String(cString: $0) } } ?? ""
      throw TransferError(
        code, detail: ErrorDetail(detail, addresses: [request.url] + ErrorDetail.proxies), head: exchange.head,
        proxyStatus: registry_proxy_status(handle))
    }
    try exchange.deliverHead()
    guard !exchange.needsCloseNotify || closed.pointee != 0 else {
      throw TransferError(
        kind: .temporary,
        description: "the connection ended without TLS close_notify, so the response may be incomplete")
    }
  }

  private func configure(_ request: Request, _ headers: UnsafeMutablePointer<curl_slist>?) {
    curl_easy_reset(handle)
    registry_setopt_string(handle, CURLOPT_URL, request.url)
    registry_setopt_string(handle, CURLOPT_USERAGENT, "business-registry")
    registry_setopt_list(handle, CURLOPT_HTTPHEADER, headers)
    registry_restrict_protocols(handle)
    if request.bypassesProxy { registry_setopt_string(handle, CURLOPT_NOPROXY, "*") }
    // One file needs no multiplexing, and the limits are tested with HTTP/1.1 only.
    registry_setopt_long(handle, CURLOPT_HTTP_VERSION, Int(CURL_HTTP_VERSION_1_1))
    registry_setopt_long(handle, CURLOPT_SSLVERSION, Int(CURL_SSLVERSION_TLSv1_2))
    if request.caFile != nil || request.caFolder != nil {
      // Replaces both defaults: libcurl also searches the system's folder if only a file is set.
      for option in [CURLOPT_CAINFO, CURLOPT_PROXY_CAINFO] { registry_setopt_string(handle, option, request.caFile) }
      for option in [CURLOPT_CAPATH, CURLOPT_PROXY_CAPATH] { registry_setopt_string(handle, option, request.caFolder) }
    }
    // libcurl must not use signals in a process with threads. Its own resolver keeps the time-outs of name look-ups.
    registry_setopt_long(handle, CURLOPT_NOSIGNAL, 1)
    registry_setopt_long(handle, CURLOPT_CONNECTTIMEOUT, request.connectTimeoutSeconds)
    registry_setopt_long(handle, CURLOPT_LOW_SPEED_LIMIT, request.lowSpeedBytes)
    registry_setopt_long(handle, CURLOPT_LOW_SPEED_TIME, request.lowSpeedSeconds)
    registry_setopt_long(handle, CURLOPT_TIMEOUT_MS, max(1, Int(request.timeoutSeconds * 1000)))
    registry_setopt_long(handle, CURLOPT_BUFFERSIZE, 256 << 10)
    registry_setopt_long(handle, CURLOPT_NOPROGRESS, 0)
    registry_setopt_progress_callback(handle) { context, _, received, _, _ in
      guard let context else { return 1 }
      return ResponseReceiver.from(context).tick(received: Int(received)) ? 0 : 1
    }
    registry_setopt_data_callback(handle, CURLOPT_HEADERFUNCTION) { bytes, size, count, context in
      guard let context, let bytes else { return 0 }
      let line = UnsafeRawBufferPointer(start: bytes, count: size * count)
      return ResponseReceiver.from(context).receive(header: line) ? line.count : 0
    }
    registry_setopt_data_callback(handle, CURLOPT_WRITEFUNCTION) { bytes, size, count, context in
      guard let context, let bytes else { return 0 }
      let body = UnsafeRawBufferPointer(start: bytes, count: size * count)
      return ResponseReceiver.from(context).receive(body: body) ? body.count : 0
    }
  }

  private func configure(_ method: Request.Method) {
    switch method {
    case .get:
      registry_setopt_long(handle, CURLOPT_FOLLOWLOCATION, 1)
      registry_setopt_long(handle, CURLOPT_MAXREDIRS, 5)
      // Some servers set a cookie with a redirect and require it afterwards. An empty name keeps cookies in memory, as
      // long as the handle; libcurl sends each back only to the host or domain that set it.
      registry_setopt_string(handle, CURLOPT_COOKIEFILE, "")
    case .put:
      registry_setopt_string(handle, CURLOPT_CUSTOMREQUEST, "PUT")
    case .post(let body):
      registry_setopt_long(handle, CURLOPT_POSTFIELDSIZE, body.count)
      // Set the size first: libcurl copies that many bytes.
      body.withUnsafeBytes { bytes in
        let start = UnsafeMutableRawPointer(mutating: bytes.baseAddress)
        registry_setopt_pointer(handle, CURLOPT_COPYPOSTFIELDS, start)
      }
    }
  }

  private func sign(_ signature: AWSSignature) {
    registry_setopt_string(handle, CURLOPT_AWS_SIGV4, "aws:amz:\(signature.region):\(signature.service)")
    registry_setopt_string(handle, CURLOPT_USERNAME, signature.keyID)
    registry_setopt_string(handle, CURLOPT_PASSWORD, signature.secret)
  }
}
