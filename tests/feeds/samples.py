"""Every form of list in its publisher's spelling (names and addresses of the documentation)."""

from __future__ import annotations

import unicodedata

Expected = tuple[str, str, list[str], list[tuple[int, str]]]
"""Name of the form, text, its indicators, and (line, code) of the rejected lines."""

SAMPLES: dict[str, Expected] = {
    "hosts": (
        "hosts",
        "127.0.0.1 localhost\n255.255.255.255 broadcasthost\n::1 ip6-allnodes\n"
        "0.0.0.0 evil.example www.evil.example # two\n:: six.example\n127.0.0.7 seven.example\n"
        "192.168.1.5 printer.lan\n203.0.113.80 www.office.example mail.office.example\n",
        ["=evil.example", "=seven.example", "=six.example", "=www.evil.example"],
        [(7, "own-name"), (8, "own-name")],
    ),
    # CERT Polska's list sends callers to a page with an explanation.
    "hosts that lead to a page": (
        "hosts",
        "127.0.0.1 localhost\n" + "".join(f"203.0.113.80 evil{n}.example\n" for n in range(20)),
        [f"=evil{n}.example" for n in range(20)],
        [],
    ),
    "hosts of an office": (
        "hosts",
        "".join(f"203.0.113.80 app{n}.example\n" for n in range(19)) + "0.0.0.0 evil.example\n",
        ["=evil.example"],
        [(n, "own-name") for n in range(1, 20)],
    ),
    "adblock": (
        "adblock",
        "[Adblock Plus 2.0]\r\n! Title: campaign\r\n||Evil.Example^\r\n@@||good.example^\r\n"
        "||evil.example^$important\r\n||ads.example^$domain=shop.example\r\nexample.org##.banner\r\n"
        "||bad.example/gate.php^\r\n/banner[0-9]+/\r\n||*.sub.example^\r\n||ad*.bad.example^\r\n"
        "|https://url.example/x|\r\n0.0.0.0 host.example\r\nplain.example\r\n||203.0.113.9^\r\n",
        [
            "*.sub.example", "203.0.113.9", "=host.example", "bad.example/gate.php", "evil.example",
            "plain.example", "url.example/x",
        ],
        [(4, "exception"), (6, "modifier"), (7, "cosmetic"), (9, "pattern"), (11, "pattern")],
    ),
    "dnsmasq": (
        "dnsmasq",
        "# campaign\naddress=/evil.example/0.0.0.0\naddress=/a.test/b.test/\nserver=/bad.example/\n"
        "local=/.worse.example/\nserver=/intern.example/192.0.2.53\naddress=/#/0.0.0.0\nbogus-nxdomain=203.0.113.1\n"
        "address=/nas.lan/192.168.1.6\n",
        ["a.test", "b.test", "bad.example", "evil.example", "worse.example"],
        [(6, "directive"), (7, "pattern"), (8, "directive"), (9, "own-name")],
    ),
    "unbound": (
        "unbound",
        'server:\n  local-zone: "evil.example." always_nxdomain\n  local-zone: good.example transparent\n'
        '  local-data: "bad.example. 60 IN A 0.0.0.0"\n  local-data-ptr: "192.0.2.1 x.example"\n'
        "local-zone: a.test redirect  # sink\nlocal-data: 'a.test A 192.0.2.1'\n"
        'local-data: "printer.lan. IN A 192.168.1.5"\nlocal-data: "worse.example TXT x"\n',
        ["=bad.example", "=worse.example", "a.test", "evil.example"],
        [(3, "exception"), (5, "directive"), (8, "own-name")],
    ),
    "rpz": (
        "rpz",
        "$TTL 3600\n"
        "@ SOA ns.local. hostmaster.local. (2026101501 3600 600 86400\n  60) ; serial and so on\n"
        "  NS ns.local.\n"
        "evil.example CNAME .\n*.evil.example 60 IN CNAME .\nonly.example CNAME *.\n"
        "*.below.example CNAME rpz-drop.\n"
        "good.example CNAME rpz-passthru.\nold.example CNAME old.example.\nwalled.example A 192.0.2.1\n"
        "                AAAA 2001:db8::1\n"
        "24.0.2.0.192.rpz-ip CNAME .\n128.1.zz.db8.2001.rpz-ip CNAME rpz-drop.\n"
        "48.zz.1.db8.2001.rpz-ip CNAME .\n"
        "32.9.113.0.203.rpz-client-ip CNAME .\nns.evil.example.rpz-nsdname CNAME .\n"
        "24.0.2.0.192.rpz-nsip CNAME .\nabsolute.example. CNAME .\n"
        "dead.example A 0.0.0.0\n  AAAA ::\nwarned.example CNAME page.example.\n",
        [
            "*.below.example", "192.0.2.0/24", "2001:db8:1::/48", "2001:db8::1", "=dead.example",
            "=only.example", "=warned.example", "evil.example",
        ],
        [
            (9, "exception"), (10, "exception"), (11, "own-name"), (12, "own-name"), (16, "trigger"),
            (17, "trigger"), (18, "trigger"), (19, "outside-zone"),
        ],
    ),
    "rpz of a school": (
        "rpz",
        "$TTL 60\n@ SOA ns. h. 1 2 3 4 5\nwww.google.com.vn CNAME forcesafesearch.google.com.\n"
        "*.google.com CNAME ForceSafeSearch.google.com.\nwww.youtube.com CNAME restrict.youtube.com.\n"
        "www.yandex.ru A 213.180.193.56\nyandex.ru A 213.180.193.56\n"
        "mail.office.com.vn CNAME srv.in.office.com.vn.\nevil.com.vn CNAME page.com.vn.\n"
        "evil.example CNAME .\n"
        "evil.blogspot.com CNAME page.blogspot.com.\n*.evil.com.vn CNAME page.com.vn.\n",
        ["=evil.blogspot.com", "evil.com.vn", "=evil.example"],
        [(3, "rewrite"), (4, "rewrite"), (5, "rewrite"), (6, "rewrite"), (7, "rewrite"), (8, "rewrite")],
    ),
    "unbound of a school": (
        "unbound",
        'server:\nlocal-zone: "www.google.com" redirect\n'
        'local-data: "www.google.com CNAME forcesafesearch.google.com"\n'
        "local-zone: www.bing.com. redirect\nlocal-data: 'www.bing.com. 60 IN A 204.79.197.220'\n"
        'local-zone: "evil.example" redirect\nlocal-data: "evil.example CNAME page.example."\n'
        'local-data: "printer.example A 192.168.1.5"\n',
        ["evil.example"],
        [(2, "rewrite"), (3, "rewrite"), (4, "rewrite"), (5, "rewrite"), (8, "own-name")],
    ),
    "dnsmasq of a school": (
        "dnsmasq",
        "".join(f"address=/n{n}.google.com/216.239.38.120\n" for n in range(30))
        + "cname=www.bing.com,strict.bing.com\nhost-record=safe.duckduckgo.com,192.0.2.5\n"
        "address=/evil.example/\n",
        ["evil.example"],
        [*((number, "rewrite") for number in range(1, 31)), (31, "directive"), (32, "directive")],
    ),
    "hosts of a school": (
        "hosts",
        "216.239.38.120 www.google.com google.com\n" * 25 + "0.0.0.0 evil.example\n",
        ["=evil.example"],
        [(number, "rewrite") for number in range(1, 26)],
    ),
    "rpz as older servers write exceptions": (
        "rpz",
        "$TTL 60\n@ SOA ns. h. 1 2 3 4 5\n32.9.113.0.203.rpz-ip CNAME 32.9.113.0.203.\n"
        "32.10.113.0.203.rpz-ip CNAME .\n_ldap._tcp.office.example SRV 0 100 389 dc.office.example.\n"
        "office.example MX 10 mail.office.example.\n",
        ["203.0.113.10"],
        [(3, "exception"), (5, "own-name"), (6, "own-name")],
    ),
    "rpz of two names with one page": (
        "rpz",
        "$TTL 60\n@ SOA ns. h. 1 2 3 4 5\nevil.example A 192.0.2.9\n*.evil.example A 192.0.2.9\n"
        "worse.example A 192.0.2.9\n",
        ["evil.example", "=worse.example"],
        [],
    ),
    "rpz with a page that warns": (
        "rpz",
        "$TTL 60\n@ SOA ns. h. 1 2 3 4 5\n"
        + "".join(f"evil{n}.example A 192.0.2.9\n" for n in range(60))
        + "intranet.example A 192.168.1.5\n",
        sorted(f"=evil{n}.example" for n in range(60)),
        [(63, "own-name")],
    ),
    "rpz with origins": (
        "rpz",
        "$ORIGIN rpz.local.\n@ 60 IN SOA ns.local. host.local. 1 2 3 4 5\n"
        "evil.example CNAME .\nbad.example.rpz.local. CNAME .\n"
        "$ORIGIN test.rpz.local.\nwww CNAME .\n$ORIGIN deep\n@ CNAME .\nother.zone. CNAME .\n",
        ["=bad.example", "=deep.test", "=evil.example", "=www.test"],
        [(9, "outside-zone")],
    ),
    "csv of values": (
        "csv",
        "# xuất ngày 01/10/2026\nloại;giá trị;họ mã độc\ndomain;evil.example;Mozi\nip;203.0.113.7;Mozi\n",
        ["203.0.113.7", "evil.example"],
        [],
    ),
    "csv below a comment, with semicolons": (
        "csv",
        "Danh sách kèm công văn\n# stt;tên miền;mã độc;ngày hết hạn\n1;evil[.]example;Mozi;31/12/2026\n"
        '2;"bad.example";"a ""b""";01/10/2026\n',
        ["evil.example"],
        [(1, "no-value"), (4, "expired")],
    ),
    "csv without a header, the type behind": (
        "csv",
        "evil.example,domain\n203.0.113.7,ip\nhttp://bad.example/a,url\n",
        ["203.0.113.7", "bad.example/a", "evil.example"],
        [],
    ),
    "csv as Excel opens it best": (
        "csv",
        "sep=;\r\nindicator;type\r\nevil.example;domain\r\n",
        ["evil.example"],
        [],
    ),
    "csv below a title, letters in parts": (
        "csv",
        unicodedata.normalize(
            "NFD",
            "Phụ lục 1;;\nSTT;Địa chỉ độc hại;Loại\n1;evil.example;Tên miền\n2;203.0.113.7;Địa chỉ IP\n",
        ),
        ["203.0.113.7", "evil.example"],
        [(1, "no-value")],
    ),
    "csv with cells over several lines": (
        "csv",
        'indicator,note\n"evil.example","first\nsecond.example, third"\nbad.example,x\n"worse.example,y\n',
        ["bad.example", "evil.example"],
        [(5, "quotes")],
    ),
    # Headings and columns of a Vietnamese office.
    "csv with several values in a cell": (
        "csv",
        "STT;Tên miền/ Địa chỉ IP độc hại;Loại;Cổng\n1;evil.example, bad.example;Trojan;\n"
        "2;203[.]0[.]113[.]7;Phishing;8080\n3;203.0.113.8 - 203.0.113.9;;\n4;a.example và b.example;;\n",
        ["203.0.113.7:8080", "203.0.113.8/31", "a.example", "b.example", "bad.example", "evil.example"],
        [],
    ),
    "csv with types in words": (
        "csv",
        "STT;Chỉ dấu (IOC);Loại\n1;evil.example;Domain\n2;203.0.113.7;IP C2\n3;setup.exe;Tên tệp\n",
        ["203.0.113.7", "evil.example"],
        [(4, "unknown-type")],
    ),
    "csv with a row like a comment": (
        "csv",
        "indicator,type,family\nevil.example,domain,x\n//////atom.xml,url,agenttesla\n203.0.113.7,ipv4,x\n",
        ["203.0.113.7", "evil.example"],
        [(3, "no-host")],
    ),
    "csv of SSLBL": (
        "csv",
        "# abuse.ch SSLBL Botnet C2 IP Blacklist (CSV)\n# Firstseen,DstIP,DstPort\n"
        "2026-10-14 07:12:10,203.0.113.44,443\n",
        ["203.0.113.44:443"],
        [],
    ),
    "urlhaus of today": (
        "urlhaus",
        "# id,dateadded,url,url_status,last_online,threat,tags,urlhaus_link,reporter\r\n"
        '"3821497","2026-04-14 16:02:21","http://203.0.113.9:37352/bin.sh","online","2026-04-14 16:02:21",'
        '"malware_download","32-bit,elf","https://urlhaus.example/url/3821497/","x"\r\n',
        ["203.0.113.9:37352/bin.sh"],
        [],
    ),
    "urlhaus of yesterday": (
        "urlhaus",
        "# id,dateadded,url,url_status,threat,tags,urlhaus_link,reporter\n"
        '"1","2020-04-14 16:02:21","https://shared.example/a.exe","offline","malware_download","exe",'
        '"https://urlhaus.example/url/1/","x"\n',
        ["shared.example/a.exe"],
        [],
    ),
    "threatfox": (
        "threatfox",
        '# "first_seen_utc","ioc_id","ioc_value","ioc_type","threat_type","fk_malware","malware_alias",'
        '"malware_printable","last_seen_utc","confidence_level","is_compromised","reference","tags",'
        '"anonymous","reporter"\n'
        '"2024-07-16 05:25:36", "1301610", "203.0.113.12:7777", "ip:port", "botnet_cc", "win.x", '
        '"Agentemis,BEACON", "Cobalt Strike", "", "100", "False", "None", "CobaltStrike", "0", "abuse_ch"\n'
        '"2024-07-16 05:25:36", "1301611", "00112233445566778899aabbccddeeff", "md5_hash", "p", "win.x", '
        '"None", "None", "", "100", "False", "None", "x", "0", "y"\n# Number of entries: 2\n',
        ["203.0.113.12:7777"],
        [(3, "hash")],
    ),
    "threatfox json": (
        "json",
        '{"1301610":[{"ioc_value":"203.0.113.12:7777","ioc_type":"ip:port","malware_printable":"X",'
        '"last_seen_utc":null}],"1301612":[{"ioc_value":"evil.example","ioc_type":"domain",'
        '"malware_printable":"None"}]}',
        ["203.0.113.12:7777", "evil.example"],
        [],
    ),
    "feodo with a plain header": (
        "feodo",
        '"first_seen_utc","dst_ip","dst_port","c2_status","last_online","malware"\n'
        '"2022-06-04 21:24:53","203.0.113.103","8080","offline","2026-03-07","Emotet"\n',
        ["203.0.113.103:8080"],
        [],
    ),
    "feodo with a commented header": (
        "feodo",
        "# first_seen_utc,dst_ip,dst_port,c2_status,last_online,malware\n"
        "2022-06-04 21:24:53,203.0.113.103,443,offline,2026-03-07,Emotet\n",
        ["203.0.113.103:443"],
        [],
    ),
    "feodo json": (
        "json",
        '[{"ip_address":"203.0.113.161","port":4643,"status":"online","hostname":"srv.example",'
        '"as_number":16276,"last_online":"2022-11-15","malware":"Dridex"},'
        '{"ip_address":"203.0.113.162","port":443,"hostname":null,"malware":"Dridex"}]',
        ["203.0.113.161:4643", "203.0.113.162:443"],
        [],
    ),
    "json of urlhaus's answers": (
        "json",
        '{"query_status":"ok","urls":[{"id":1,"url":"http://evil.example/x","host":"evil.example"}]}',
        ["evil.example/x"],
        [],
    ),
    "json lines": (
        "json",
        '{"ip":"203.0.113.7","context":1}\n{"domain":"evil.example"}\nbroken\n{"other":1}\n',
        ["203.0.113.7", "evil.example"],
        [(3, "mangled"), (4, "no-value")],
    ),
    "json values": ("json", '["evil.example", "203.0.113.7"]', ["203.0.113.7", "evil.example"], []),
    "misp event": (
        "misp",
        '{"Event":{"uuid":"x","info":"campaign","date":"2026-10-01","Tag":[{"name":"tlp:amber"},'
        '{"name":"misp-galaxy:malpedia=\\"Emotet\\""}],"Attribute":['
        '{"type":"ip-dst|port","value":"203.0.113.7|443","to_ids":true,"comment":"C2"},'
        '{"type":"ip-dst|port","value":"2001:db8::7|443","to_ids":true},'
        '{"type":"domain|ip","value":"evil.example|203.0.113.8","to_ids":true},'
        '{"type":"hostname|port","value":"www.bad.example|8080","to_ids":true},'
        '{"type":"domain","value":"context.example","to_ids":false},'
        '{"type":"domain","value":"gone.example","to_ids":true,"deleted":true},'
        '{"type":"sha256","value":"aa","to_ids":true},{"type":"url","value":"http://evil.example/a","to_ids":true}],'
        '"Object":[{"name":"x","Attribute":[{"type":"ip-src","value":"203.0.113.9","to_ids":true}]},'
        '{"name":"y","deleted":true,"Attribute":[{"type":"domain","value":"d.example","to_ids":true}]}]}}',
        [
            "203.0.113.7:443", "203.0.113.8", "203.0.113.9", "[2001:db8::7]:443", "evil.example",
            "evil.example/a", "www.bad.example",
        ],
        [(5, "not-for-detection"), (6, "revoked"), (7, "unknown-type"), (10, "revoked")],
    ),
    "misp csv": (
        "csv",
        "uuid,event_id,category,type,value,comment,to_ids,date\n"
        'a,1,"Network activity",ip-dst|port,"203.0.113.7|443","",1,1\n'
        'b,1,"Network activity",domain,"evil.example","",0,1\n'
        'c,1,"Payload",md5,"00112233445566778899aabbccddeeff","",1,1\n',
        ["203.0.113.7:443"],
        [(3, "not-for-detection"), (4, "hash")],
    ),
    "stix": (
        "stix",
        '{"type":"bundle","id":"bundle--1","objects":['
        '{"type":"indicator","id":"indicator--1","pattern_type":"stix",'
        '"pattern":"[domain-name:value = \'evil.example\']",'
        '"valid_from":"2026-01-01T00:00:00Z"},'
        '{"type":"indicator","id":"indicator--2","pattern_type":"stix",'
        '"pattern":"[domain-name:value = \'old.example\']",'
        '"valid_until":"2026-10-31T23:59:59.999Z"},'
        '{"type":"indicator","id":"indicator--3","pattern":"[domain-name:value = \'b.example\']",'
        '"revoked":true},'
        '{"type":"indicator","id":"indicator--4","pattern":"[file:hashes.MD5 = \'x\']"},'
        '{"type":"indicator","id":"indicator--5","pattern_type":"sigma","pattern":"x"},'
        '{"type":"malware","id":"malware--1","name":"Mozi"},'
        '{"type":"relationship","id":"relationship--1","relationship_type":"indicates","source_ref":"indicator--1",'
        '"target_ref":"malware--1"}]}',
        ["evil.example"],
        [(2, "expired"), (3, "revoked"), (4, "pattern"), (5, "pattern")],
    ),
    "stix without a bundle": (
        "stix",
        '[{"type":"indicator","id":"indicator--1","pattern":"[domain-name:value = \'evil.example\']"}]',
        ["evil.example"],
        [],
    ),
    "misp objects": (
        "misp",
        '{"response":[{"Object":{"name":"domain-ip","Attribute":['
        '{"type":"domain","value":"evil.example","to_ids":true}]}}]}',
        ["evil.example"],
        [],
    ),
    "zeek intel with the faults of real feeds": (
        "zeek.intel",
        "#fields\tindicator\tindicator_type\tmeta.source\tmeta.desc\tmeta.url\n"
        "evil.example\tIntel::DOMAIN\tvn-campaign\tC2\t-\n203.0.113.0/24\tIntel::SUBNET\tvn-campaign\t-\t-\n"
        'evil.example/gate.php\tIntel::URL\tvn\t-\t-\n"203.0.113.7"\tIntel::ADDR\tvn\t-\t-\n'
        ".40\tIntel::ADDR\tvn\t-\t-\nbad.example\tIntel::DOMAINS\tvn\t-\t-\n-\tIntel::ADDR\tvn\t-\t-\n"
        "no-type.example\na@evil.example\tIntel::EMAIL\tvn\t-\t-\n",
        ["203.0.113.0/24", "203.0.113.7", "=evil.example", "evil.example/gate.php"],
        [
            (6, "bad-address"), (7, "unknown-type"), (8, "no-value"), (9, "mangled"),
            (10, "unknown-type"),
        ],
    ),
    # The manual's own two spellings: with a line feed inside, and without.
    "suricata dataset": (
        "suricata.dataset",
        "LmV2aWwuY29tCg==\nLmV2aWwuY29t\nYmFkLmV4YW1wbGU=\nbm90IGJhc2U2NA\n",
        ["=bad.example", "evil.com"],
        [(4, "mangled")],
    ),
    "suricata iprep": (
        "suricata.iprep",
        "203.0.113.7,1,100\n203.0.113.0/28,1,88\n2001:db8::1,2,127\n203.0.113.99,1,0\n",
        ["2001:db8::1", "203.0.113.0/28", "203.0.113.7"],
        [(4, "not-for-detection")],
    ),
    # Rules of Emerging Threats, abuse.ch and the user guide, with names and addresses of the documentation.
    "suricata rules": (
        "suricata.rules",
        "# alert ip $HOME_NET any -> 203.0.113.99 any (msg:\"not in force\"; sid:1;)\n"
        'alert ip $HOME_NET any -> [203.0.113.7, 198.51.100.0/24] any (msg:"C2 group 1"; threshold: type'
        " limit, track by_src, seconds 3600, count 1; flowbits:set,ET.Evil; sid:2404300; rev:7950;"
        " metadata:malware_family Emotet_X, tag C2;)\n"
        "alert tcp $HOME_NET any -> 203.0.113.8 [443,8080:8081] (msg:\"C2\"; flags:S; sid:3;)\n"
        'alert dns $HOME_NET any -> any any (msg:"a\\; b"; dns.query; dotprefix; content:".evil.example";'
        " nocase; endswith; fast_pattern; sid:4;)\n"
        'drop tls any any -> any any (msg:"x"; flow:established,to_server; tls.sni; content:"bad.example";'
        " bsize:11; sid:5;)\n"
        'alert http any any -> any any (msg:"x"; http.host; content:"|2e|below.example"; endswith; sid:6;)\n'
        'alert http $HOME_NET any -> $EXTERNAL_NET any (msg:"URLhaus"; flow:established,from_client;'
        ' content:"GET"; http_method; content:"/bin.sh"; http_uri; depth:7; isdataat:!1,relative; nocase;'
        ' content:"203.0.113.9"; http_host; depth:11; isdataat:!1,relative; sid:7;)\n'
        'alert udp $HOME_NET any -> any 53 (msg:"x"; content:"|01 00 00 01 00 00 00 00 00 00|"; depth:10;'
        ' offset:2; content:"|05|worse|07|example|00|"; nocase; distance:0; sid:8;)\n'
        'alert ip 203.0.113.64/26 any -> $HOME_NET any (msg:"x"; sid:9;)\n'
        'pass dns any any -> any any (dns.query; content:"good.example"; bsize:12; sid:10;)\n'
        'alert dns any any -> any any (dns.query; content:"anywhere.example"; nocase; sid:11;)\n'
        'alert dns any any -> any any (dns.query; content:"q.example"; endswith; pcre:"/^[a-z]+/"; sid:12;)\n'
        'alert tcp [203.0.113.20] any -> $HOME_NET any (msg:"scan"; flags:S; sid:13;)\n'
        "alert tcp $EXTERNAL_NET any -> 203.0.113.21 80 (msg:\"our server\"; sid:14;)\n"
        "alert ip any any -> [203.0.113.0/24,!203.0.113.1] any (sid:15;)\n"
        "alert tcp any any -> any any (sid:16\n",
        [
            "*.below.example", "198.51.100.0/24", "203.0.113.64/26", "203.0.113.7", "203.0.113.8:443",
            "203.0.113.8:8080", "203.0.113.8:8081", "203.0.113.9/bin.sh", "=bad.example", "evil.example",
            "worse.example",
        ],
        [
            (10, "exception"), (11, "unanchored"), (12, "condition"), (13, "inbound"), (14, "inbound"),
            (15, "condition"), (16, "mangled"),
        ],
    ),
    "suricata rules over several lines": (
        "suricata.rules",
        'alert dns $HOME_NET any -> any any \\\n  (msg:"x"; dns_query; content:"evil.example"; \\\n'
        "   nocase; isdataat:!1,relative; sid:1;)\n\nalert http\n(\n  msg:\"x\";\n  sid:2;\n)\n"
        "alert ip any any <> 2001:db8::7 443 (sid:3;)\n",
        ["[2001:db8::7]:443", "evil.example"],
        [(5, "condition")],
    ),
    "maltrail": (
        "maltrail",
        "# Copyright (c) 2014-2026 Maltrail developers\n\n# Aliases: x, y\n\n# Reference: https://www.example.org/a\n\n"
        "evil.example\n203.0.113.7\n203.0.113.7:8080\nevil.example/gate.php\n/gate.php\n[a-z]{8}\\.example\n"
        "bad[0-9]+.example\n[2001:db8::1]:443\n",
        ["203.0.113.7", "203.0.113.7:8080", "[2001:db8::1]:443", "evil.example", "evil.example/gate.php"],
        [(11, "no-host"), (12, "pattern"), (13, "pattern")],
    ),
    "plain": (
        "plain",
        "# C2, campaign 2026-10\nevil[.]example\n*.bad.example        # subdomains only\n203.0.113.7:8080\n"
        "203.0.113.10-203.0.113.11\nhttp://evil.example/a#b\n",
        ["*.bad.example", "203.0.113.10/31", "203.0.113.7:8080", "evil.example", "evil.example/a"],
        [],
    ),
}  # fmt: skip
