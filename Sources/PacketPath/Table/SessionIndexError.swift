/// Why a key could not be inserted. The index is unchanged.
public enum SessionIndexError: Error, Equatable, Sendable {
    /// Interface 0, which the kernel gives to no interface: it marks an empty slot.
    case noInterface
    /// 0, which says "not found".
    case noValue
    /// No memory for a table of so many bytes.
    case noMemory(bytes: Int)
}
