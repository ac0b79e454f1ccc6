/// Something that a pure target must not reach for, as the words that give it away.
struct Impurity: Sendable {
    let words: [String]
    let why: String

    static let all: [Impurity] = [
        ("time is a parameter: a decision must be the same when it is replayed", clocks),
        ("it does no I/O: its tests need no machine, and its caller says what was read", inputAndOutput),
        ("it has no settings of the machine: the same rules mean the same everywhere", surroundings),
        ("it has no randomness: hand a generator in", randomness),
    ].flatMap { why, texts in texts.map { Impurity(words: SwiftText.words($0), why: why) } }

    static let aboutRandom = "it has no randomness: say which generator, with using:"

    private static let clocks = [
        "Date()", "Date.now", "Date.init()", "Date(timeIntervalSinceNow", ".timeIntervalSinceNow",
        "ContinuousClock", "SuspendingClock", "clock_gettime", "gettimeofday(", "time(nil)", "DispatchTime",
        "DispatchWallTime", "Task.sleep", "Timer.",
    ]

    private static let inputAndOutput = [
        "FileManager", "FileHandle", "Process(", "URLSession", "InputStream(", "OutputStream(", "Thread",
        "String(contentsOf", "Data(contentsOf", "contentsOfFile", "fopen(", "open(", "openat(", "socket(",
        "print(",
        "debugPrint(", "readLine(", "fputs(", "system(",
    ]

    private static let surroundings = [
        "ProcessInfo", "CommandLine", "getenv(", "getpid(", "TimeZone.current",
        "TimeZone.autoupdatingCurrent",
        "Calendar.current", "Calendar.autoupdatingCurrent", "Locale.current", "Locale.autoupdatingCurrent",
    ]

    private static let randomness = [
        "SystemRandomNumberGenerator", "UUID()", ".randomElement()", ".shuffled()", ".shuffle()",
        "arc4random",
        "getrandom(",
    ]
}
