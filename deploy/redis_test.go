package deploy_test

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/hibiken/asynq"
	"github.com/redis/go-redis/v9"
)

// startRedis runs a private redis-server with the shipped redis.conf, as
// docker-compose.yml and the systemd unit do, and returns its socket. It gets
// copies: a CONFIG REWRITE that was let through would write to the file.
func startRedis(t *testing.T, args ...string) (socket string) {
	t.Helper()
	program, err := exec.LookPath("redis-server")
	if err != nil {
		t.Fatalf("the tests need redis-server (Debian: apt-get install redis-server): %v", err)
	}
	dir := t.TempDir()
	socket = filepath.Join(dir, "redis.sock")
	cmd := exec.Command(program, append([]string{copyOf(t, "redis.conf"), "--dir", dir, "--unixsocket", socket}, args...)...)
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	cmd.Stderr = cmd.Stdout // where a fault in the configuration goes
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	ready, ended := make(chan struct{}), make(chan struct{})
	var log strings.Builder // read once ended is closed
	go func() {
		defer close(ended)
		waiting := true
		lines := bufio.NewScanner(out)
		for lines.Scan() {
			fmt.Fprintln(&log, lines.Text())
			if waiting && strings.Contains(strings.ToLower(lines.Text()), "ready to accept connections") {
				close(ready)
				waiting = false
			}
		}
	}()
	t.Cleanup(func() {
		err := cmd.Process.Signal(syscall.SIGTERM)
		if err != nil && !errors.Is(err, os.ErrProcessDone) {
			t.Errorf("stop redis-server: %v", err)
		}
		<-ended
		if err := cmd.Wait(); err != nil {
			t.Errorf("redis-server: %v\n%s", err, &log)
		}
	})
	select {
	case <-ready:
	case <-ended:
		t.Fatalf("redis-server did not start:\n%s", &log)
	}
	return socket
}

// startShipped runs it with the shipped users.acl as well.
func startShipped(t *testing.T) (socket string) {
	t.Helper()
	return startRedis(t, "--aclfile", copyOf(t, "users.acl"))
}

// copyOf returns the path of a copy of a shipped file.
func copyOf(t *testing.T, name string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(path, []byte(read(t, name)), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// dial connects as user, with any password, or as nobody.
func dial(t *testing.T, socket, user string) *redis.Client {
	t.Helper()
	o := &redis.Options{Network: "unix", Addr: socket, MaxRetries: -1, ContextTimeoutEnabled: true, DisableIdentity: true}
	if user != "" {
		o.Username, o.Password = user, "any"
	}
	client := redis.NewClient(o)
	t.Cleanup(func() {
		if err := client.Close(); err != nil {
			t.Errorf("close the client: %v", err)
		}
	})
	return client
}

func TestShippedSettingsAreInForce(t *testing.T) {
	app := dial(t, startShipped(t), "cultuurdag")
	for name, want := range map[string]string{
		"appendonly":                "yes",
		"appendfsync":               "always",
		"save":                      "",
		"maxmemory-policy":          "noeviction",
		"no-appendfsync-on-rewrite": "no",
		"rdbcompression":            "no",
		"port":                      "0",
		"unixsocketperm":            "700",
		"protected-mode":            "yes",
		"slowlog-log-slower-than":   "-1",
		"crash-log-enabled":         "no",
	} {
		got, err := app.ConfigGet(t.Context(), name).Result()
		if err != nil {
			t.Fatal(err)
		}
		if got[name] != want {
			t.Errorf("%s is %q, want %q", name, got[name], want)
		}
	}
}

// Other tests run the shipped file without users, and with more overrides.
func TestRedisConfWorksWithoutUsers(t *testing.T) {
	client := dial(t, startRedis(t, "--aclfile", "", "--port", "0", "--appendfsync", "no"), "")
	got, err := client.ConfigGet(t.Context(), "append*").Result()
	if err != nil {
		t.Fatal(err)
	}
	if got["appendonly"] != "yes" || got["appendfsync"] != "no" {
		t.Errorf("got %v", got)
	}
}

func TestDefaultUserIsOff(t *testing.T) {
	err := dial(t, startShipped(t), "").Ping(t.Context()).Err()
	if err == nil || !strings.HasPrefix(err.Error(), "NOAUTH") {
		t.Errorf("got error %v, want NOAUTH", err)
	}
}

func TestWhatTheApplicationMayDo(t *testing.T) {
	app := dial(t, startShipped(t), "cultuurdag")
	ctx := t.Context()
	for _, command := range []string{
		"SET cd:1:p:a 1", "GET cd:1:p:a", "SET cd:1:p:b 1 PX 1000 NX", "INCR cd:1:k:n", "EXPIRE cd:1:k:n 60", "MGET cd:1:p:a cd:1:p:b",
		"HSET cd:1:p:h f v", "HGETALL cd:1:p:h", "HINCRBY cd:1:p:h n 1", "SADD cd:1:p:s a", "SMEMBERS cd:1:p:s", "ZADD cd:1:k:z 1 a", "ZRANGE cd:1:k:z 0 -1",
		"RPUSH cd:1:k:l a", "LRANGE cd:1:k:l 0 -1", "XADD cd:1:k:x * f v", "DEL cd:1:p:a", "UNLINK cd:1:p:b",
		"EXISTS cd:1:p:a", "TYPE cd:1:p:h", "TIME", "PING", "DBSIZE", "SCAN 0 MATCH cd:* COUNT 1000",
		"PUBLISH cd:1:k:seats x", "SPUBLISH cd:1:k:seats x", "CLIENT ID", "SELECT 0", "MULTI", "DISCARD",
		"INFO persistence", "CONFIG GET appendfsync", "BGREWRITEAOF",
	} {
		if err := do(ctx, app, command); err != nil {
			t.Errorf("%s: %v", command, err)
		}
	}

	script := redis.NewScript(`local t = redis.call('TIME')
		redis.call('HSET', KEYS[1], 'taken', ARGV[1])
		redis.call('PUBLISH', 'cd:1:k:seats', ARGV[1])
		return redis.call('HGET', KEYS[1], 'taken')`)
	for range 2 { // EVALSHA then EVAL, EVALSHA alone
		got, err := script.Run(ctx, app, []string{"cd:1:p:seat"}, 7).Text()
		if err != nil || got != "7" {
			t.Errorf("the script answers %q, %v", got, err)
		}
	}
	if err := script.Load(ctx, app).Err(); err != nil {
		t.Errorf("SCRIPT LOAD: %v", err)
	}
	err := app.Watch(ctx, func(tx *redis.Tx) error {
		_, err := tx.TxPipelined(ctx, func(p redis.Pipeliner) error { return p.Set(ctx, "cd:1:k:w", 1, 0).Err() })
		return err
	}, "cd:1:k:w")
	if err != nil {
		t.Errorf("WATCH: %v", err)
	}

	live := app.Subscribe(ctx, "cd:1:k:seats")
	defer live.Close()
	if _, err := live.Receive(ctx); err != nil {
		t.Fatalf("SUBSCRIBE: %v", err)
	}
	if err := app.Publish(ctx, "cd:1:k:seats", "3 left").Err(); err != nil {
		t.Fatal(err)
	}
	if m, err := live.ReceiveMessage(ctx); err != nil || m.Payload != "3 left" {
		t.Errorf("received %v, %v", m, err)
	}
}

func TestWhatTheApplicationMayNotDo(t *testing.T) {
	app := dial(t, startShipped(t), "cultuurdag")
	ctx := t.Context()
	for _, command := range []string{
		"FLUSHALL", "FLUSHDB", "SWAPDB 0 1", "KEYS *", "SORT cd:x", "RESTORE cd:x 0 x", "MIGRATE h 1 cd:x 0 1",
		"CONFIG SET appendfsync no", "CONFIG REWRITE", "CONFIG RESETSTAT", "SHUTDOWN NOSAVE", "SAVE", "BGSAVE", "REPLICAOF NO ONE", "FAILOVER",
		"ACL LIST", "ACL SETUSER cultuurdag +@all", "MODULE LIST", "MONITOR", "CLIENT LIST", "CLIENT KILL ID 1", "CLIENT PAUSE 1",
		"SCRIPT FLUSH", "SCRIPT KILL", "FUNCTION FLUSH", "SLOWLOG GET", "LATENCY RESET", "BLPOP cd:x 0", "CLUSTER RESET",
		"SET other 1", "GET other", "RENAME cd:1:p:a other", "PUBLISH other x", "SUBSCRIBE other",
	} {
		wantError(t, command, do(ctx, app, command), "NOPERM")
	}
	wantError(t, "DEBUG", do(ctx, app, "DEBUG SLEEP 0"), "ERR DEBUG command not allowed")
	for _, script := range []string{`return redis.call('FLUSHALL')`, `return redis.call('SET', 'other', 1)`, `return redis.call('CONFIG', 'SET', 'save', '')`} {
		// Redis 7.0 says "can't run" or "can't access", later ones "ACL failure".
		err := app.Eval(ctx, script, nil).Err()
		if err == nil || !regexp.MustCompile("can't (run|access)|ACL failure|not allowed from script").MatchString(err.Error()) {
			t.Errorf("%s: got error %v", script, err)
		}
	}
}

func do(ctx context.Context, client *redis.Client, command string) error {
	var args []any
	for word := range strings.FieldsSeq(command) {
		args = append(args, word)
	}
	err := client.Do(ctx, args...).Err()
	if errors.Is(err, redis.Nil) {
		return nil
	}
	return err
}

func wantError(t *testing.T, what string, err error, prefix string) {
	t.Helper()
	if err == nil || !strings.HasPrefix(err.Error(), prefix) {
		t.Errorf("%s: got error %v, want %s", what, err, prefix)
	}
}

// asynq logs what Redis refuses and goes on: any warning is a failure here.
func TestAsynqWorksAsTheApplication(t *testing.T) {
	app := dial(t, startShipped(t), "cultuurdag")
	done := make(chan string)
	server := asynq.NewServerFromRedisClient(app, asynq.Config{
		Concurrency:              2,
		Logger:                   strictLogger{t},
		TaskCheckInterval:        10 * time.Millisecond,
		DelayedTaskCheckInterval: 50 * time.Millisecond,
		JanitorInterval:          50 * time.Millisecond,
		RetryDelayFunc:           func(int, error, *asynq.Task) time.Duration { return 0 },
	})
	again := true // only the handler of again touches it
	handler := asynq.HandlerFunc(func(ctx context.Context, task *asynq.Task) error {
		if task.Type() == "again" && again {
			again = false
			return errors.New("once more")
		}
		if task.Type() == "cancelled" {
			done <- "running"
			<-ctx.Done()
		}
		done <- task.Type()
		return nil
	})
	if err := server.Start(handler); err != nil {
		t.Fatal(err)
	}
	defer server.Shutdown()

	client := asynq.NewClientFromRedisClient(app)
	inspector := asynq.NewInspectorFromRedisClient(app)
	receive := func(want string) {
		t.Helper()
		select {
		case got := <-done:
			if got != want {
				t.Fatalf("done is %q, want %q", got, want)
			}
		case <-time.After(30 * time.Second):
			t.Fatalf("%q was not done", want)
		}
	}
	enqueue := func(kind string, options ...asynq.Option) *asynq.TaskInfo {
		t.Helper()
		info, err := client.Enqueue(asynq.NewTask(kind, []byte("id")), options...)
		if err != nil {
			t.Fatal(err)
		}
		return info
	}

	enqueue("now", asynq.TaskID("now:1"), asynq.Retention(time.Minute))
	receive("now")
	enqueue("unique", asynq.Unique(time.Minute))
	receive("unique")
	enqueue("later", asynq.ProcessIn(time.Second))
	receive("later")
	enqueue("again", asynq.MaxRetry(1))
	receive("again")

	running := enqueue("cancelled", asynq.MaxRetry(0))
	receive("running")
	if err := inspector.CancelProcessing(running.ID); err != nil {
		t.Fatal(err)
	}
	receive("cancelled")

	waiting := enqueue("waiting", asynq.ProcessIn(time.Hour))
	if tasks, err := inspector.ListScheduledTasks("default"); err != nil || len(tasks) != 1 || tasks[0].ID != waiting.ID {
		t.Errorf("scheduled are %v, %v", tasks, err)
	}
	if err := inspector.DeleteTask("default", waiting.ID); err != nil {
		t.Errorf("delete a task: %v", err)
	}
	for name, step := range map[string]func() error{
		"pause":      func() error { return inspector.PauseQueue("default") },
		"unpause":    func() error { return errors.Join(inspector.PauseQueue("other"), inspector.UnpauseQueue("other")) },
		"queue info": func() error { _, err := inspector.GetQueueInfo("default"); return err },
		"servers":    func() error { _, err := inspector.Servers(); return err },
		"archived":   func() error { _, err := inspector.DeleteAllArchivedTasks("default"); return err },
		"completed":  func() error { _, err := inspector.DeleteAllCompletedTasks("default"); return err },
		"ping":       server.Ping,
	} {
		if err := step(); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// strictLogger fails the test for every warning but that of the cancelled task.
type strictLogger struct{ t *testing.T }

func (strictLogger) Debug(...any)        {}
func (strictLogger) Info(...any)         {}
func (l strictLogger) Error(args ...any) { l.t.Error("asynq:", fmt.Sprint(args...)) }
func (l strictLogger) Fatal(args ...any) { l.t.Error("asynq:", fmt.Sprint(args...)) }
func (l strictLogger) Warn(args ...any) {
	if message := fmt.Sprint(args...); !strings.HasPrefix(message, "Retry exhausted") {
		l.t.Error("asynq warns:", message)
	}
}
