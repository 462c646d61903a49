package purgetest

import (
	"context"
	"fmt"
	"strings"
	"sync"

	"github.com/redis/go-redis/v9"
)

// redis searches every key of every node, by its name and all that it holds.
func (s *Scanner) redis(ctx context.Context, rdb redis.UniversalClient) error {
	return eachKey(ctx, rdb, func(key string, values []string) {
		s.where = [2]string{placeOfKey(key), key}
		s.look([]byte(key), "name")
		for _, value := range values {
			s.look([]byte(value))
		}
	})
}

func placeOfKey(key string) string {
	switch {
	case strings.HasPrefix(key, "asynq:"):
		return PlaceAsynq
	case strings.Contains(key, "}:p:"):
		return PlacePersonal
	}
	return PlaceOther
}

// Remember has the scanner look for pieces of all that the events keep sealed
// in Redis now, so that not even a part of a ciphertext stays.
func (s *Scanner) Remember(ctx context.Context, rdb redis.UniversalClient) error {
	const piece, every = 24, 128
	return eachKey(ctx, rdb, func(_ string, values []string) {
		for _, value := range values {
			for _, k := range s.events {
				rest, ok := strings.CutPrefix(value, string(k.tag))
				if !ok {
					continue
				}
				if i := strings.Index(rest, "\n--- "); i > 0 && strings.HasPrefix(rest, "age-encryption.org/") {
					rest = rest[i:] // what stands before it tells nothing of its own
				} else if len(rest) > 8 {
					rest = rest[8:] // the version
				}
				for at := 0; at+piece <= len(rest); at += every {
					s.index.add(KindCiphertext, k.id, "raw", []byte(rest[at:at+piece]))
				}
			}
		}
	})
}

// eachKey calls do with every key of every node, one at a time, and all that it
// holds: fields, members, values. Only database 0 may have any.
func eachKey(ctx context.Context, rdb redis.UniversalClient, do func(key string, values []string)) error {
	cluster, ok := rdb.(*redis.ClusterClient)
	if !ok {
		return eachKeyOf(ctx, rdb, do)
	}
	var one sync.Mutex // ForEachShard, replicas included, calls concurrently
	return cluster.ForEachShard(ctx, func(ctx context.Context, node *redis.Client) error {
		one.Lock()
		defer one.Unlock()
		return eachKeyOf(ctx, node, do)
	})
}

func eachKeyOf(ctx context.Context, node redis.UniversalClient, do func(key string, values []string)) error {
	info, err := node.Info(ctx, "keyspace").Result()
	if err != nil {
		return err
	}
	for line := range strings.Lines(info) {
		if strings.HasPrefix(line, "db") && !strings.HasPrefix(line, "db0:") {
			return fmt.Errorf("there are keys in another database: %s", strings.TrimSpace(line))
		}
	}
	it := node.Scan(ctx, 0, "", 1000).Iterator()
	for it.Next(ctx) {
		values, err := valuesOf(ctx, node, it.Val())
		if err != nil {
			return fmt.Errorf("key %s: %w", it.Val(), err)
		}
		do(it.Val(), values)
	}
	return it.Err()
}

// valuesOf returns all that a key holds; nothing for one that went meanwhile.
func valuesOf(ctx context.Context, node redis.UniversalClient, key string) ([]string, error) {
	kind, err := node.Type(ctx, key).Result()
	if err != nil {
		return nil, err
	}
	switch kind {
	case "none":
		return nil, nil
	case "string":
		value, err := node.Get(ctx, key).Result()
		if err == redis.Nil {
			err = nil
		}
		return []string{value}, err
	case "hash":
		fields, err := node.HGetAll(ctx, key).Result()
		var values []string
		for field, value := range fields {
			values = append(values, field, value)
		}
		return values, err
	case "list":
		return node.LRange(ctx, key, 0, -1).Result()
	case "set":
		return node.SMembers(ctx, key).Result()
	case "zset":
		return node.ZRange(ctx, key, 0, -1).Result()
	case "stream":
		entries, err := node.XRange(ctx, key, "-", "+").Result()
		var values []string
		for _, e := range entries {
			for field, value := range e.Values {
				values = append(values, field, fmt.Sprint(value))
			}
		}
		return values, err
	}
	return nil, fmt.Errorf("it is a %s", kind)
}
