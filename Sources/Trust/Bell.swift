import Glibc

/// Wakes a thread that waits: a byte in a pipe. A ring that nobody hears stays in the pipe.
struct Bell: Sendable {
    private let reading: FileDescriptor
    private let writing: FileDescriptor

    /// Without descriptors left nobody is woken, and waits end by their time.
    init() {
        var ends: [Int32] = [-1, -1]
        // The array has room for the two numbers that pipe writes.
        _ = unsafe pipe(&ends)
        reading = FileDescriptor(owning: ends[0])
        writing = FileDescriptor(owning: ends[1])
        for end in ends {
            _ = fcntl(end, F_SETFD, FD_CLOEXEC)
            _ = fcntl(end, F_SETFL, O_NONBLOCK)
        }
    }

    func ring() {
        var byte: UInt8 = 0
        // A full pipe is heard as well as one with a byte more.
        _ = unsafe write(writing.number, &byte, 1)
    }

    /// Blocks the calling thread until there is a ring, which is used up, or the time is over.
    func wait(atMost time: Duration) {
        let milliseconds = Int32((min(max(time, .zero), .seconds(3600)) / .milliseconds(1)).rounded(.up))
        var polled = pollfd(fd: reading.number, events: Int16(POLLIN), revents: 0)
        guard unsafe poll(&polled, 1, milliseconds) > 0 else { return }
        var byte: UInt8 = 0
        _ = unsafe read(reading.number, &byte, 1)
    }

    var descriptor: Int32 { reading.number }
}
