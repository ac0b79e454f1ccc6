package import Sessions

/// What was seen of gatehouse itself: the daemon, its table, its files, its rules and its VPN servers.
package struct GatewayFacts: Sendable, Hashable {
    package var now: Instant
    /// Why nobody answers for the daemon; known when somebody does.
    package var daemon: Known<Daemon>
    package var tables: Known<Tables>
    package var files: Files
    package var rules: Known<Rules>
    package var sources: [Source]

    package init(
        now: Instant, daemon: Known<Daemon>, tables: Known<Tables>, files: Files, rules: Known<Rules>,
        sources: [Source]
    ) {
        self.now = now
        self.daemon = daemon
        self.tables = tables
        self.files = files
        self.rules = rules
        self.sources = sources
    }

    /// What the daemon alone knows.
    package struct Daemon: Sendable, Hashable {
        package var kernel: Known<Kernel>
        /// Why nobody is let in; nil when people are.
        package var closedBecause: String?
        /// Why the store cannot be read; nil when it can.
        package var storeFault: String?
        /// Why there is no audit record of what happens now; nil when there is.
        package var auditFault: String?

        package init(
            kernel: Known<Kernel>, closedBecause: String? = nil, storeFault: String? = nil,
            auditFault: String? = nil
        ) {
            self.kernel = kernel
            self.closedBecause = closedBecause
            self.storeFault = storeFault
            self.auditFault = auditFault
        }
    }

    /// The kernel's elements beside those that were decided.
    package struct Kernel: Sendable, Hashable {
        /// Nil when the table is not there.
        package var elements: Int?
        package var missing: Int
        package var unexpected: Int
        package var differing: Int
        /// Why the kernel takes no changes, when it takes none.
        package var fault: String?
        package var drifts: [Drift]

        package init(
            elements: Int?, missing: Int = 0, unexpected: Int = 0, differing: Int = 0, fault: String? = nil,
            drifts: [Drift] = []
        ) {
            self.elements = elements
            self.missing = missing
            self.unexpected = unexpected
            self.differing = differing
            self.fault = fault
            self.drifts = drifts
        }
    }

    /// What another program did to our table.
    package struct Drift: Sendable, Hashable {
        package var at: Instant
        /// With whoever did it.
        package var what: String
        /// Nil while it is not undone.
        package var undoneAfter: Duration?

        package init(at: Instant, what: String, undoneAfter: Duration?) {
            self.at = at
            self.what = what
            self.undoneAfter = undoneAfter
        }
    }

    /// What the kernel lists of our own tables.
    package struct Tables: Sendable, Hashable {
        package var isThere: Bool
        /// Hooks at which our table should have a chain and has none.
        package var missingHooks: [String]
        package var hasGuard: Bool
        /// The guard that belongs to the daemon's socket.
        package var hasHeld: Bool

        package init(
            isThere: Bool, missingHooks: [String] = [], hasGuard: Bool, hasHeld: Bool = true
        ) {
            self.isThere = isThere
            self.missingHooks = missingHooks
            self.hasGuard = hasGuard
            self.hasHeld = hasHeld
        }
    }

    package struct Files: Sendable, Hashable {
        package var store: Known<StoreFile>
        package var space: Known<Space>
        package var controlSocket: Known<Permissions>
        package var secrets: [Secret]

        package init(
            store: Known<StoreFile>, space: Known<Space>, controlSocket: Known<Permissions>, secrets: [Secret]
        ) {
            self.store = store
            self.space = space
            self.controlSocket = controlSocket
            self.secrets = secrets
        }
    }

    package struct StoreFile: Sendable, Hashable {
        package var path: String
        /// What is wrong with it, seen from outside; nil for nothing.
        package var fault: String?

        package init(path: String, fault: String? = nil) {
            self.path = path
            self.fault = fault
        }
    }

    package struct Space: Sendable, Hashable {
        package var path: String
        package var freeBytes: UInt64
        package var totalBytes: UInt64

        package init(path: String, freeBytes: UInt64, totalBytes: UInt64) {
            self.path = path
            self.freeBytes = freeBytes
            self.totalBytes = totalBytes
        }
    }

    package struct Permissions: Sendable, Hashable {
        package var mode: UInt32

        package init(mode: UInt32) { self.mode = mode & 0o7777 }

        var text: String { "0" + String(mode, radix: 8) }
    }

    /// A file that nobody else should read.
    package struct Secret: Sendable, Hashable {
        package var path: String
        /// `the seeds of one-time codes`
        package var what: String
        package var permissions: Known<Permissions>

        package init(path: String, what: String, permissions: Known<Permissions>) {
            self.path = path
            self.what = what
            self.permissions = permissions
        }
    }

    /// What rules, in force or in the folder, ask of the world.
    package struct Rules: Sendable, Hashable {
        package var folder: String
        /// Whether the folder is what is in force.
        package var folderIsInForce: Known<Bool>
        package var waiting: Known<WaitingChange?>
        /// The first instant at which their review is too late; nil where they ask for none.
        package var reviewDue: Instant?
        package var contracts: [Contract]
        package var authorities: [Authority]
        package var countries: Countries

        package init(
            folder: String, folderIsInForce: Known<Bool>, waiting: Known<WaitingChange?>, reviewDue: Instant?,
            contracts: [Contract], authorities: [Authority], countries: Countries
        ) {
            self.folder = folder
            self.folderIsInForce = folderIsInForce
            self.waiting = waiting
            self.reviewDue = reviewDue
            self.contracts = contracts
            self.authorities = authorities
            self.countries = countries
        }
    }

    package struct WaitingChange: Sendable, Hashable {
        package var reference: String
        package var until: String

        package init(reference: String, until: String) {
            self.reference = reference
            self.until = until
        }
    }

    package struct Contract: Sendable, Hashable {
        package var vendor: String
        package var reference: String
        package var until: Instant
        package var warnBefore: Duration

        package init(vendor: String, reference: String, until: Instant, warnBefore: Duration) {
            self.vendor = vendor
            self.reference = reference
            self.until = until
            self.warnBefore = warnBefore
        }
    }

    /// An authority whose certificates count, and what is known of those that it took back.
    package struct Authority: Sendable, Hashable {
        package var name: String
        package var lists: [List]
        /// Why files of lists are not in force.
        package var troubles: [String]
        /// Whether the rules name files of lists.
        package var hasFiles: Bool
        package var hasResponder: Bool
        /// Whether a certificate counts for nothing while its authority cannot be heard.
        package var isRequired: Bool

        package struct List: Sendable, Hashable {
            package var thisUpdate: Instant
            package var nextUpdate: Instant?

            package init(thisUpdate: Instant, nextUpdate: Instant?) {
                self.thisUpdate = thisUpdate
                self.nextUpdate = nextUpdate
            }
        }

        package init(
            name: String, lists: [List], troubles: [String] = [], hasFiles: Bool, hasResponder: Bool = false,
            isRequired: Bool = true
        ) {
            self.name = name
            self.lists = lists
            self.troubles = troubles
            self.hasFiles = hasFiles
            self.hasResponder = hasResponder
            self.isRequired = isRequired
        }
    }

    package struct Countries: Sendable, Hashable {
        /// Whether a rule asks for the country of an address.
        package var areAskedFor: Bool
        package var files: Known<[File]>

        package struct File: Sendable, Hashable {
            package var path: String
            /// As the file says; nil when it does not.
            package var built: Instant?

            package init(path: String, built: Instant?) {
                self.path = path
                self.built = built
            }
        }

        package init(areAskedFor: Bool, files: Known<[File]>) {
            self.areAskedFor = areAskedFor
            self.files = files
        }
    }

    /// One VPN server.
    package struct Source: Sendable, Hashable {
        package var name: String
        package var management: String
        package var folder: Known<Permissions>
        /// Since when it cannot be heard; nil when it is.
        package var detachedSince: Known<String?>
        /// The name of the process that listens on the management socket; nil when none does.
        package var listener: Known<String?>

        package init(
            name: String, management: String, folder: Known<Permissions>, detachedSince: Known<String?>,
            listener: Known<String?>
        ) {
            self.name = name
            self.management = management
            self.folder = folder
            self.detachedSince = detachedSince
            self.listener = listener
        }
    }
}
