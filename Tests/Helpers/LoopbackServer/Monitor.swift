import Glibc

/// A value protected by a mutex, with a condition variable: threads wait until a condition on the value holds, or until
/// a deadline.
///
/// `@unchecked Sendable` is sound: `value` is touched only between `pthread_mutex_lock` and `pthread_mutex_unlock` of
/// the one mutex (in `read`, `change` and `wait`; `pthread_cond_timedwait` holds it whenever it returns), the two
/// pointers never change and are freed in `deinit`, when no thread can wait, and values go in and out as `Sendable`.
final class Monitor<Value: Sendable>: @unchecked Sendable {
  private var value: Value
  private let mutex: UnsafeMutablePointer<pthread_mutex_t>
  private let condition: UnsafeMutablePointer<pthread_cond_t>

  init(_ value: Value) {
    self.value = value
    mutex = .allocate(capacity: 1)
    mutex.initialize(to: pthread_mutex_t())
    condition = .allocate(capacity: 1)
    condition.initialize(to: pthread_cond_t())
    var attributes = pthread_condattr_t()
    precondition(pthread_condattr_init(&attributes) == 0, "pthread_condattr_init")
    precondition(pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC) == 0, "pthread_condattr_setclock")
    precondition(pthread_mutex_init(mutex, nil) == 0, "pthread_mutex_init")
    precondition(pthread_cond_init(condition, &attributes) == 0, "pthread_cond_init")
    pthread_condattr_destroy(&attributes)
  }

  deinit {
    pthread_cond_destroy(condition)
    pthread_mutex_destroy(mutex)
    condition.deallocate()
    mutex.deallocate()
  }

  func read<Result: Sendable>(_ body: (borrowing Value) throws -> Result) rethrows -> Result {
    pthread_mutex_lock(mutex)
    defer { pthread_mutex_unlock(mutex) }
    return try body(value)
  }

  /// Changes the value and wakes all waiting threads.
  func change<Result: Sendable>(_ body: (inout Value) throws -> Result) rethrows -> Result {
    pthread_mutex_lock(mutex)
    defer {
      pthread_cond_broadcast(condition)
      pthread_mutex_unlock(mutex)
    }
    return try body(&value)
  }

  /// Waits until `body` returns a value, and returns it; nil after `timeout`.
  func wait<Result: Sendable>(timeout: Duration, until body: (borrowing Value) throws -> Result?) rethrows -> Result? {
    var deadline = timespec()
    clock_gettime(CLOCK_MONOTONIC, &deadline)
    deadline.add(timeout)
    pthread_mutex_lock(mutex)
    defer { pthread_mutex_unlock(mutex) }
    while true {
      if let result = try body(value) { return result }
      if pthread_cond_timedwait(condition, mutex, &deadline) == ETIMEDOUT { return try body(value) }
    }
  }
}

extension timespec {
  fileprivate mutating func add(_ duration: Duration) {
    let parts = max(duration, .zero).components
    let nanoseconds = tv_nsec + Int(parts.attoseconds / 1_000_000_000)
    tv_sec += Int(min(parts.seconds, 1_000_000_000)) + nanoseconds / 1_000_000_000
    tv_nsec = nanoseconds % 1_000_000_000
  }
}
