package import RulesetCompiler

/// What the administrator set in the daemon's own configuration.
package struct EnforcementSettings: Sendable {
    package var layout: RulesetLayout
    /// How long the kernel keeps a session without hearing from us. A dead daemon fails closed after this.
    package var lease: Duration
    /// How long the sessions of a VPN server that cannot be heard are kept in force.
    package var grace: Duration
    /// Settings pushed to a client that is let in, by source: the full tunnel, the resolver.
    package var push: [String: [String]]
    /// Sessions that the packet path can count at once; nil for no packet path.
    package var pathSlots: Int?

    /// How long a kernel that took nothing is left alone at most. Elements are renewed after a third of the lease: what the
    /// kernel refuses until two thirds of it are over costs nobody anything.
    var longestRetry: Duration { min(max(lease / 6, .seconds(1)), .seconds(30)) }

    package init(
        layout: RulesetLayout, lease: Duration = .seconds(60), grace: Duration = .seconds(600),
        push: [String: [String]] = [:], pathSlots: Int? = nil
    ) {
        self.layout = layout
        self.lease = lease
        self.grace = grace
        self.push = push
        self.pathSlots = pathSlots
    }
}
