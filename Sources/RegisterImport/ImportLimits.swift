/// How much of a file is looked at, and how much is said about it.
package struct ImportLimits: Sendable {
    /// Larger files are refused.
    package var bytes = 100 << 20
    /// Files with more rows below the header are refused.
    package var rows = 1_000_000
    /// Further problems are counted, not kept.
    package var problems = 1_000

    package init() {}
}
