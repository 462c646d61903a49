package main

import (
	"crypto/tls"
	"fmt"
	"testing"

	"github.com/redis/go-redis/v9"
	"github.com/redis/go-redis/v9/maintnotifications"
)

func TestOpenRedis(t *testing.T) {
	const form = "is not a URL such as redis://host:6379/0 or unix:///run/redis.sock"
	const clusterForm = "is not a URL such as redis+cluster://host:6379,host:6379 (a cluster has no database number)"
	const scheme = "has a scheme that is not redis, rediss, unix or redis+cluster"
	tests := []struct {
		url  string
		want string // what describe tells, or the error
	}{
		{"redis://localhost", "tcp localhost:6379 0 user= password= tls=false"},
		{"redis://app:pass@10.0.0.1:7000/3", "tcp 10.0.0.1:7000 3 user=app password=pass tls=false"},
		{"redis://[::1]:6379/0", "tcp [::1]:6379 0 user= password= tls=false"},
		{"rediss://app:p%40ss@redis.example.nl:6380", "tcp redis.example.nl:6380 0 user=app password=p@ss tls=redis.example.nl"},
		{"unix:///run/redis/redis.sock", "unix /run/redis/redis.sock 0 user= password= tls=false"},
		{"unix://app:pass@/run/redis.sock?db=2", "unix /run/redis.sock 2 user=app password=pass tls=false"},
		{"redis+cluster://a:7000,b:7001,c:7002", "cluster [a:7000 b:7001 c:7002] user= password= tls=false"},
		{"redis+cluster://app:p,a%40s@a:7000,b:7001/", "cluster [a:7000 b:7001] user=app password=p,a@s tls=false"},
		{"redis+cluster://[::1]:7000", "cluster [[::1]:7000] user= password= tls=false"},
		{"rediss+cluster://app:pass@a,b:7001", "cluster [a:6379 b:7001] user=app password=pass tls=a"},
		{"", form},
		{"localhost:6379", form},
		{"redis://", form},
		{"redis://host:port", form},
		{"redis://host/zero", `is not right: redis: invalid database number: "zero"`},
		{"redis://host?colour=red", "is not right: redis: unexpected option: colour"},
		{"unix://run/redis.sock", form},
		{"unix://", form},
		{"http://host:80", scheme},
		{"unix+cluster:///x", scheme},
		{"redis+cluster://a:7000,b:7001/2", clusterForm},
		{"redis+cluster://,b:7001", clusterForm},
		{"redis+cluster://a:b", clusterForm},
	}
	for _, tt := range tests {
		t.Run(tt.url, func(t *testing.T) {
			client, err := OpenRedis(tt.url)
			if err != nil {
				if err.Error() != tt.want {
					t.Errorf("error %q, want %q", err, tt.want)
				}
				return
			}
			defer client.Close()
			if got := describe(t, client); got != tt.want {
				t.Errorf("got  %s\nwant %s", got, tt.want)
			}
		})
	}
}

// describe also checks what every client has to have.
func describe(t *testing.T, client redis.UniversalClient) string {
	t.Helper()
	switch c := client.(type) {
	case *redis.Client:
		o := c.Options()
		checkCommon(t, o.MaxRetries, o.ContextTimeoutEnabled, o.DisableIdentity, o.MaintNotificationsConfig)
		return fmt.Sprintf("%s %s %d user=%s password=%s tls=%s", o.Network, o.Addr, o.DB, o.Username, o.Password, serverName(o.TLSConfig))
	case *redis.ClusterClient:
		o := c.Options()
		checkCommon(t, o.MaxRetries, o.ContextTimeoutEnabled, o.DisableIdentity, o.MaintNotificationsConfig)
		return fmt.Sprintf("cluster %v user=%s password=%s tls=%s", o.Addrs, o.Username, o.Password, serverName(o.TLSConfig))
	}
	t.Fatalf("a %T", client)
	return ""
}

func checkCommon(t *testing.T, retries int, contextTimeout, noIdentity bool, m *maintnotifications.Config) {
	t.Helper()
	// go-redis turns the -1 that it is given into 0 retries.
	if retries > 0 || !contextTimeout || !noIdentity || m == nil || m.Mode != maintnotifications.ModeDisabled {
		t.Errorf("retries %d, context timeout %v, no identity %v, maintenance notifications %+v", retries, contextTimeout, noIdentity, m)
	}
}

func serverName(c *tls.Config) string {
	if c == nil {
		return "false"
	}
	return c.ServerName
}

func FuzzParseRedisURL(f *testing.F) {
	for _, seed := range []string{"redis://a:1/0", "rediss://u:p@h", "unix:///s?db=1", "redis+cluster://u:p@a:1,b:2", "redis+cluster://@,/?#"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, raw string) {
		o, err := parseRedisURL(raw)
		if (err == nil) != ((o.single == nil) != (o.cluster == nil)) {
			t.Errorf("error %v with options %+v", err, o)
		}
	})
}
