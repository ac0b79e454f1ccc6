import NetworkTypes

/// The configuration files of the ordinary servers: web servers, proxy and resolvers.
package enum ServerFiles {
    /// How fast a web server sends the file of `bigFile`, so that a download is running when something is cut.
    package static let bytesPerSecond = 1_000_000
    /// A file that takes over a minute at that speed.
    package static let bigFile = (name: "big.bin", bytes: 96 << 20)

    /// A web server whose every answer starts with its own name.
    package struct WebSite: Sendable {
        package let name: String
        package let listen: [String]
        /// How fast it sends, and how much at a time at most.
        package var bytesPerSecond = ServerFiles.bytesPerSecond
        package var bytesAtOnce = 1 << 16

        /// One that listens on both addresses of a host.
        package init(_ host: Network.Host) {
            name = host.rawValue
            listen = AddressFamily.allCases.map { "\(Network.urlHost(host.address($0))):80" }
        }

        /// One for a rung. It sends little and often: whether it still does is seen at once.
        package init(_ rung: Rung) {
            name = rung.id
            listen = AddressFamily.allCases.map {
                "\(Network.urlHost(Network.Host.ladder.address($0))):\(rung.port)"
            }
            bytesPerSecond = 20_000
            bytesAtOnce = 1000
        }

        package init(name: String, anywhereOnPort port: UInt16) {
            self.name = name
            listen = ["0.0.0.0:\(port)", "[::]:\(port) ipv6only=on"]
        }
    }

    package static func nginx(sites: [WebSite], files: String, scratch: String) -> String {
        let servers = sites.map { site in
            let listen = site.listen.map { "listen \($0);" }.joined(separator: " ")
            return """
                    server { \(listen)
                        location / { return 200 "\(site.name) answers $remote_addr\\n"; add_header Answers \(site.name); }
                        location = /\(bigFile.name) {
                            root \(files); output_buffers 1 \(site.bytesAtOnce); postpone_output 0;
                            limit_rate \(site.bytesPerSecond);
                        }
                    }
                """
        }
        let folders = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"]
            .map { "    \($0)_temp_path \(scratch)/\($0);" }
        return """
            worker_processes 1; daemon off; user root; pid \(scratch)/nginx.pid; error_log stderr;
            events { worker_connections 512; }
            http {
                access_log off; default_type text/plain;
            \(folders.joined(separator: "\n"))
            \(servers.joined(separator: "\n"))
            }

            """
    }

    /// Serves whoever comes from the tunnel, so that a refusal is the gate's; but nobody reaches inside through it.
    package static var squid: String {
        let ports = AddressFamily.allCases
            .map { "http_port \(Network.urlHost(Network.Host.proxy.address($0))):\(Network.proxyPort)" }
        return """
            \(ports.joined(separator: "\n"))
            visible_hostname proxy.example.test
            pid_filename none
            access_log none
            cache_log /dev/null
            cache deny all
            memory_cache_shared off
            coredump_dir none
            netdb_filename none
            pinger_enable off
            dns_nameservers \(Network.Host.web.address(.ipv4))
            shutdown_lifetime 0 seconds
            cache_effective_user proxy
            acl vpn src 10.8.0.0/24 fd08:8::/64
            acl inside dst 10.0.0.0/8 172.16.0.0/12 192.168.0.0/16 127.0.0.0/8 ::1 fc00::/7 fe80::/10
            http_access deny inside
            http_access allow vpn
            http_access deny all

            """
    }

    /// The name that is asked for, and that each resolver knows.
    package static let internetName = "www.internet.test"

    /// The arguments of a resolver that listens on both addresses of `host`. The lab's public server also answers on
    /// UDP port 443, where QUIC would.
    package static func dnsmasq(_ host: Network.Host, port: UInt16 = 53) -> [String] {
        [
            "dnsmasq", "--conf-file=/dev/null", "--keep-in-foreground", "--no-resolv", "--no-hosts",
            "--bind-interfaces",
        ]
            + ["--user=root", "--pid-file=", "--port=\(port)", "--log-facility=-"]
            + AddressFamily.allCases.map { "--listen-address=\(host.address($0))" }
            + AddressFamily.allCases.map { "--address=/\(internetName)/\(Network.Host.web.address($0))" }
    }
}
