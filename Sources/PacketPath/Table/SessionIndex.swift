/// Which session an inner address belongs to: tunnel interface and address to a 64-bit value, for both families.
///
/// This is the writer's side, and there is one: the type cannot be copied. Look-ups go through `SessionReader`,
/// on any number of threads; they never wait, never try again and write nothing that another thread reads, but
/// for one word a batch. A value is the caller's affair, 0 excepted; the packet path puts the number of the scope
/// into the upper half and the slot of the session's counters into the lower.
///
/// Cost: a slot is 16 bytes and an eighth to a half of the slots is in use, so a million sessions take 33 MiB, and 49
/// while the table grows. A look-up mostly reads one cache line, and 32 lines at most. An insertion that finds the table half full moves every key, which takes tens of
/// milliseconds at a million; readers do not notice. `SessionTableProof` argues why all of this is safe.
public struct SessionIndex: ~Copyable, Sendable {
    private var ipv4: FamilyTable
    private var ipv6: FamilyTable
    private let shared: SharedTables
    /// What IPv6 addresses are fingerprinted with.
    private let secret: HashSeed
    private var changes: UInt64 = 0

    /// An empty index.
    ///
    /// - Parameters:
    ///   - key: 128 random bits, secret: with them an attacker could choose addresses that share a path.
    ///   - readers: how many readers may be registered at once. Every check for the end of a grace period reads a
    ///     line for each.
    public init(key: (UInt64, UInt64), readers: Int = 64) throws(SessionIndexError) {
        let smallest = Lines.fewestLines * Lines.bytesPerLine
        guard let ipv4 = FamilyTable(.ipv4, key: key) else { throw .noMemory(bytes: smallest) }
        // Another secret for the other family, from the same bits.
        guard let ipv6 = FamilyTable(.ipv6, key: (~key.1, key.0)) else {
            throw .noMemory(bytes: smallest)
        }
        // A generation that no table reaches: nothing else is made of these bits.
        secret = HashSeed(key: (key.1, ~key.0), generation: .max)
        shared = SharedTables(ipv4, ipv6, secret: secret, readers: readers)
        self.ipv4 = ipv4
        self.ipv6 = ipv6
    }

    deinit {
        ipv4.leaveBehind(shared)
        ipv6.leaveBehind(shared)
    }

    /// A reader for one thread at a time, or nil when as many as were announced are registered.
    public func makeReader() -> SessionReader? { SessionReader(shared) }

    /// A handle to register readers with from another thread than the writer's.
    public var readers: SessionReaders { SessionReaders(shared) }

    // MARK: - Changing

    /// Inserts a key, or replaces its value. Returns the value before, or 0.
    ///
    /// A reader sees the old value or the new one, never neither.
    @discardableResult
    public mutating func insert(
        _ key: IPv4SessionKey, _ value: UInt64
    ) throws(SessionIndexError) -> UInt64 {
        try check(key.interface, value)
        defer { countChange() }
        return try ipv4.insert(key.indexKey, value, shared)
    }

    /// Inserts a key, or replaces its value. Returns the value before, or 0.
    @discardableResult
    public mutating func insert(
        _ key: IPv6SessionKey, _ value: UInt64
    ) throws(SessionIndexError) -> UInt64 {
        try check(key.interface, value)
        defer { countChange() }
        return try ipv6.insert(key.indexKey(secret), value, shared)
    }

    /// Removes a key. Returns its value, or 0 when it was not there.
    ///
    /// A reader in the middle of a batch may answer with the value until its batch ends: what the value leads to
    /// (the session's slot) is to be kept for a grace period too.
    @discardableResult
    public mutating func remove(_ key: IPv4SessionKey) -> UInt64 {
        defer { countChange() }
        return ipv4.remove(key.indexKey, shared)
    }

    /// Removes a key. Returns its value, or 0 when it was not there.
    @discardableResult
    public mutating func remove(_ key: IPv6SessionKey) -> UInt64 {
        defer { countChange() }
        return ipv6.remove(key.indexKey(secret), shared)
    }

    private func check(_ interface: UInt32, _ value: UInt64) throws(SessionIndexError) {
        guard interface != 0 else { throw .noInterface }
        guard value != 0 else { throw .noValue }
    }

    /// Looks for ended grace periods now and then: often enough that removed slots are few, seldom enough that
    /// the readers' lines, which it reads, stay theirs.
    private mutating func countChange() {
        changes &+= 1
        if changes & 63 == 0 { reclaim() }
    }

    /// Frees what no reader can see any more. Changes do this by themselves; a writer with nothing to change calls
    /// it from time to time, so that the last table replaced is not kept for ever.
    public mutating func reclaim() {
        ipv4.reclaim(shared)
        ipv6.reclaim(shared)
    }

    // MARK: - Grace periods for others

    /// Begins a grace period for something else that readers find through a value, a session's slot above all.
    public mutating func beginGracePeriod() -> UInt64 { shared.grace.begin() }

    /// Whether every reader has been quiescent since that period began.
    public func gracePeriodHasEnded(_ period: UInt64) -> Bool { shared.grace.hasEnded(period) }

    /// For who keeps other things as long as readers may see them.
    var gracePeriods: GracePeriods { shared.grace }

    // MARK: - Looking, for the writer

    /// The value of a key, or 0, as the writer sees it.
    public func find(_ key: IPv4SessionKey) -> UInt64 { ipv4.find(key.indexKey) }

    /// The value of a key, or 0, as the writer sees it.
    public func find(_ key: IPv6SessionKey) -> UInt64 { ipv6.find(key.indexKey(secret)) }

    /// Keys of both families.
    public var count: Int { ipv4.count + ipv6.count }

    /// Bytes of the tables in use, the writer's notes included.
    public var bytes: Int { ipv4.bytes + ipv6.bytes }

    /// Bytes of replaced tables that a reader may still be in. What stays here for long names a reader that is
    /// registered and never quiescent.
    public var retiredBytes: Int { ipv4.retiredBytes + ipv6.retiredBytes }

    /// Slots of both tables, in use or not.
    var slotCount: (ipv4: Int, ipv6: Int) { (ipv4.slotCount, ipv6.slotCount) }

    /// The cache lines that a look-up of this key reads.
    func pathLength(_ key: IPv4SessionKey) -> Int { ipv4.pathLength(key.indexKey) }
    func pathLength(_ key: IPv6SessionKey) -> Int { ipv6.pathLength(key.indexKey(secret)) }

    /// What an IPv6 table holds for this key.
    func indexKey(_ key: IPv6SessionKey) -> IndexKey { key.indexKey(secret) }

    func forEach(_ ipv4Body: (IndexKey, UInt64) -> Void, _ ipv6Body: (IndexKey, UInt64) -> Void) {
        ipv4.forEach(ipv4Body)
        ipv6.forEach(ipv6Body)
    }
}

/// Registers readers of an index, from any thread. Keeps the index's tables alive, not its writer.
public struct SessionReaders: Sendable {
    private let shared: SharedTables

    init(_ shared: SharedTables) { self.shared = shared }

    /// A reader for one thread at a time, or nil when as many as were announced are registered.
    public func makeReader() -> SessionReader? { SessionReader(shared) }
}
