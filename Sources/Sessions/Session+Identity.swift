extension Session {
    /// What proves that a later report speaks of another client than this one; nil when nothing does.
    ///
    /// The certificate decides. Names alone can be written by any authority that the server trusts.
    func identityDifference(from other: Session) -> String? {
        if other.certificates?.leaf.digest != certificates?.leaf.digest {
            return "another certificate than at login"
        }
        if other.commonName != commonName { return "another common name than at login" }
        if other.userName != userName { return "another user than at login" }
        if other.tunnel != tunnel { return "another tunnel than at login" }
        return nil
    }

    /// The same against a row of the server's list, which has no certificate.
    func difference(from report: SessionReport) -> String? {
        if report.commonName != commonName { return "another common name than at login" }
        if report.userName != userName { return "another user than at login" }
        if Set(report.addresses) != Set(addresses) { return "other addresses than when it was established" }
        if report.startedAt != startedAt { return "another start than when it was established" }
        return nil
    }
}

extension SessionID: Comparable {
    package static func < (lhs: Self, rhs: Self) -> Bool {
        (lhs.source, lhs.serverProcess, lhs.client) < (rhs.source, rhs.serverProcess, rhs.client)
    }
}
