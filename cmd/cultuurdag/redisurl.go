package main

import (
	"errors"
	"fmt"
	"net/url"
	"strings"

	"github.com/redis/go-redis/v9"
	"github.com/redis/go-redis/v9/maintnotifications"
)

// OpenRedis returns the one client that the whole program, asynq included,
// works with. It does not connect yet. The caller closes it.
//
//	redis://user:password@host:6379/0     TCP, for the same machine or a tunnel
//	rediss://user:password@host:6379/0    TLS
//	unix://user:password@/run/redis.sock  a socket, ?db=0
//	redis+cluster://user:password@host:6379,host:6379
//	rediss+cluster://…                    the same with TLS
//
// An error can follow the setting's name and never repeats the URL, which may
// hold a password.
func OpenRedis(raw string) (redis.UniversalClient, error) {
	options, err := parseRedisURL(raw)
	if err != nil {
		return nil, err
	}
	if options.cluster != nil {
		return redis.NewClusterClient(options.cluster), nil
	}
	return redis.NewClient(options.single), nil
}

// redisOptions holds either.
type redisOptions struct {
	single  *redis.Options
	cluster *redis.ClusterOptions
}

var errNotRedisURL = errors.New("is not a URL such as redis://host:6379/0 or unix:///run/redis.sock")

func parseRedisURL(raw string) (redisOptions, error) {
	scheme, rest, _ := strings.Cut(raw, "://")
	base, isCluster := strings.CutSuffix(scheme, "+cluster")
	switch {
	case rest == "":
		return redisOptions{}, errNotRedisURL
	case isCluster && (base == "redis" || base == "rediss"):
		return parseClusterURL(base, rest)
	case scheme == "redis", scheme == "rediss", scheme == "unix":
		return parseSingleURL(raw)
	}
	return redisOptions{}, errors.New("has a scheme that is not redis, rediss, unix or redis+cluster")
}

func parseSingleURL(raw string) (redisOptions, error) {
	u, err := url.Parse(raw)
	if err != nil {
		return redisOptions{}, errNotRedisURL // err would repeat the URL
	}
	if (u.Scheme == "unix") != (u.Host == "") {
		return redisOptions{}, errNotRedisURL
	}
	o, err := redis.ParseURL(raw)
	if err != nil {
		return redisOptions{}, fmt.Errorf("is not right: %w", err)
	}
	o.MaxRetries = -1 // a script that took a seat must not be sent again by itself
	o.ContextTimeoutEnabled = true
	o.DisableIdentity = true
	o.MaintNotificationsConfig = &maintnotifications.Config{Mode: maintnotifications.ModeDisabled}
	return redisOptions{single: o}, nil
}

// parseClusterURL reads what follows redis+cluster://. net/url takes one host
// alone, and go-redis the others as ?addr=.
func parseClusterURL(scheme, rest string) (redisOptions, error) {
	end := strings.IndexAny(rest, "/?#")
	if end < 0 {
		end = len(rest)
	}
	authority, tail := rest[:end], rest[end:]
	user, hosts := "", authority
	if at := strings.LastIndex(authority, "@"); at >= 0 {
		user, hosts = authority[:at+1], authority[at+1:]
	}
	first, others, _ := strings.Cut(hosts, ",")
	u, err := url.Parse(scheme + "://" + user + first + tail)
	if err != nil || u.Hostname() == "" || strings.Trim(u.Path, "/") != "" {
		return redisOptions{}, errors.New("is not a URL such as redis+cluster://host:6379,host:6379 (a cluster has no database number)")
	}
	query := u.Query()
	for host := range strings.SplitSeq(others, ",") {
		if host != "" {
			query.Add("addr", host)
		}
	}
	u.RawQuery = query.Encode()
	o, err := redis.ParseClusterURL(u.String())
	if err != nil {
		return redisOptions{}, fmt.Errorf("is not right: %w", err)
	}
	o.MaxRetries = -1
	o.ContextTimeoutEnabled = true
	o.DisableIdentity = true
	o.MaintNotificationsConfig = &maintnotifications.Config{Mode: maintnotifications.ModeDisabled}
	return redisOptions{cluster: o}, nil
}
