extension PolicyClass {
    /// Whether there may be a session that meets the conditions of both, so that it matters which is asked first. May say
    /// yes where the answer is no.
    package func mayShareSessions(with other: PolicyClass) -> Bool {
        switch (access, other.access) {
        case (.systems, .systems), (.systems, .none): !excludes(other)
        case (.none, .systems): !other.excludes(self)
        case (.none, .none): !excludesForSure(other)
        }
    }

    /// For a class with access, in which nothing unknown matches: wherever one of its conditions holds, one of the other's
    /// is false, which matches nowhere.
    private func excludes(_ other: PolicyClass) -> Bool {
        conditions.contains { mine in other.conditions.contains { mine.excludes($0) } }
    }

    /// Two classes without access both take the unknown: only what is always known keeps them apart.
    private func excludesForSure(_ other: PolicyClass) -> Bool {
        conditions.contains { mine in
            !mine.canBeUnknown
                && other.conditions.contains { !$0.canBeUnknown && mine.excludes($0) }
        }
    }
}
