import Synchronization

/// What the packet path knows: sessions by tunnel and address, the scopes that they have, and the slots that they
/// are counted in. This is the writer's side, and there is one.
///
/// Workers read through a ``PathReader``, on any number of threads, and never wait for the writer. A scope is set
/// before a session that has it is put, and taken away after the last such session is gone; workers look at the
/// scopes after the sessions of a batch, and a scope goes a grace period late, so none finds a session of the image
/// without its scope. Should one all the same, it refuses.
///
/// Changing a session costs what `SessionIndex` says; changing a scope builds the small table of all scopes anew.
public struct PathImage: ~Copyable, Sendable {
    private var index: SessionIndex
    private var slots: SlotPool
    private var scopes: [UInt32: ScopeImage] = [:]
    /// Scopes that no session has any more, and the period after which no reader looks for them.
    private var leavingScopes: [(number: UInt32, period: UInt64)] = []
    private let root: ScopeRoot
    /// Tables replaced that a reader may still be in, oldest first.
    private var retired: [(table: ScopeTable, period: UInt64)] = []
    /// Slots that counters must have: the workers' counters are made with it.
    public let slotCount: Int

    /// - Parameters:
    ///   - key: 128 secret random bits, see `SessionIndex`.
    ///   - slotCount: Sessions that can be counted at once, below 2²⁴ - 1; those beyond are judged, but counted in
    ///     all alone.
    ///   - readers: How many readers there may be at once.
    public init(key: (UInt64, UInt64), slotCount: Int, readers: Int = 64) throws(SessionIndexError) {
        index = try SessionIndex(key: key, readers: readers)
        slots = SlotPool(slotCount: slotCount)
        self.slotCount = slotCount
        root = ScopeRoot(ScopeTable([:]))
    }

    deinit { root.leftBehind += retired.map(\.table) }

    /// For registering readers, from any thread.
    public var readers: PathReaders { PathReaders(index: index.readers, root: root) }

    // MARK: Scopes

    /// Sets the scope of a number, 1 through ``SessionValue/greatestScope``, or ``SessionValue/inside``.
    public mutating func setScope(_ number: UInt32, _ image: ScopeImage) {
        precondition(number != 0 && number <= SessionValue.inside)
        leavingScopes.removeAll { $0.number == number }
        scopes[number] = image
        publish()
    }

    /// Takes a scope away, which no session has any more.
    public mutating func removeScope(_ number: UInt32) {
        guard scopes[number] != nil, !leavingScopes.contains(where: { $0.number == number }) else { return }
        leavingScopes.append((number, index.beginGracePeriod()))
        reclaim()
    }

    private mutating func publish() {
        let old = root.publish(ScopeTable(scopes))
        retired.append((old, index.beginGracePeriod()))
    }

    // MARK: Sessions

    /// A slot for a new session, or one that says that there is none left.
    public mutating func takeSlot() -> SessionSlot {
        reclaim()
        return slots.take()
    }

    /// Gives a session's slot back. All its keys are removed before.
    public mutating func giveBack(_ slot: SessionSlot) {
        slots.giveBack(slot, period: index.beginGracePeriod())
    }

    /// Puts a session's address, or replaces what is known of it. Returns what was known before.
    @discardableResult
    public mutating func put(
        _ key: IPv4SessionKey, _ value: SessionValue
    ) throws(SessionIndexError) -> SessionValue? {
        Self.value(try index.insert(key, value.word))
    }

    @discardableResult
    public mutating func put(
        _ key: IPv6SessionKey, _ value: SessionValue
    ) throws(SessionIndexError) -> SessionValue? {
        Self.value(try index.insert(key, value.word))
    }

    @discardableResult
    public mutating func remove(_ key: IPv4SessionKey) -> SessionValue? { Self.value(index.remove(key)) }

    @discardableResult
    public mutating func remove(_ key: IPv6SessionKey) -> SessionValue? { Self.value(index.remove(key)) }

    /// What the writer knows of an address.
    public func find(_ key: IPv4SessionKey) -> SessionValue? { Self.value(index.find(key)) }
    public func find(_ key: IPv6SessionKey) -> SessionValue? { Self.value(index.find(key)) }

    private static func value(_ word: UInt64) -> SessionValue? { word == 0 ? nil : SessionValue(word: word) }

    // MARK: Memory

    /// Gives back what no reader can see any more. Changes do this too; a writer with nothing to change calls it
    /// now and then.
    public mutating func reclaim() {
        index.reclaim()
        let grace = index.gracePeriods
        retired.removeAll { grace.hasEnded($0.period) }
        slots.reclaim { grace.hasEnded($0) }
        let gone = leavingScopes.filter { grace.hasEnded($0.period) }
        guard !gone.isEmpty else { return }
        leavingScopes.removeAll { entry in gone.contains { $0.number == entry.number } }
        for entry in gone { scopes[entry.number] = nil }
        publish()
    }

    /// Addresses of both families.
    public var count: Int { index.count }
    /// Bytes of the index and of all scopes.
    public var bytes: Int { index.bytes + scopes.values.reduce(0) { $0 + $1.byteCount } }
}

/// Registers readers of an image, from any thread.
public struct PathReaders: Sendable {
    private let index: SessionReaders
    private let root: ScopeRoot

    init(index: SessionReaders, root: ScopeRoot) {
        self.index = index
        self.root = root
    }

    /// A reader for one thread at a time, or nil when as many as were announced are registered.
    public func makeReader() -> PathReader? {
        guard let sessions = index.makeReader() else { return nil }
        return PathReader(sessions: sessions, root: root)
    }
}

/// One worker's view of a ``PathImage``.
public struct PathReader: ~Copyable, Sendable {
    var sessions: SessionReader
    let root: ScopeRoot

    init(sessions: consuming SessionReader, root: ScopeRoot) {
        self.sessions = sessions
        self.root = root
    }
}

/// Where the published table of scopes is found.
///
/// The writer stores a table releasing, readers load it acquiring at the start of a batch, so they see it whole. A
/// table replaced is kept until every reader has been quiescent since: `SessionTableProof` has the argument, which
/// is the same for a scope table as for a retired table of sessions.
@safe
final class ScopeRoot: @unchecked Sendable {
    // Unchecked: `current` is atomic; `table` and `leftBehind` are the writer's, and the last owner's after it.

    private let cell = PaddedAtomic()
    private var table: ScopeTable
    var leftBehind: [ScopeTable] = []

    init(_ table: ScopeTable) {
        self.table = table
        // Releasing; pairs with the load in `slots`.
        cell.value.store(Self.word(table), ordering: .releasing)
    }

    private static func word(_ table: ScopeTable) -> UInt64 {
        UInt64(UInt(bitPattern: unsafe Unmanaged.passUnretained(table).toOpaque()))
    }

    /// Returns the table that was published before, which readers may be in for a while. Writer only.
    func publish(_ new: ScopeTable) -> ScopeTable {
        let old = table
        table = new
        // Releasing; pairs with the load in `slots`.
        cell.value.store(Self.word(new), ordering: .releasing)
        return old
    }

    /// The slots of the table published now: valid until the reader's next quiescent state.
    @inline(__always)
    var slots: SlotStorage {
        // Acquiring; pairs with the stores above.
        let word = cell.value.load(ordering: .acquiring)
        let pointer = unsafe UnsafeRawPointer(bitPattern: UInt(word)).unsafelyUnwrapped
        // No reference is counted: the grace period keeps the table.
        return unsafe Unmanaged<ScopeTable>.fromOpaque(pointer)
            ._withUnsafeGuaranteedRef { unsafe $0.storage }
    }
}

extension SlotStorage {
    /// As `ScopeTable.reader`, without the table.
    @inline(__always)
    func reader(_ number: UInt32) -> ScopeReader? {
        var index = unsafe Int(truncatingIfNeeded: number) & mask
        while true {
            let slot = unsafe slots[index]
            if unsafe slot.number == number, let base = unsafe slot.base { return unsafe ScopeReader(base) }
            if unsafe slot.number == 0 { return nil }
            index = unsafe (index &+ 1) & mask
        }
    }
}
