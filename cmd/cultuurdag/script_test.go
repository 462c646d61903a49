package main

import (
	"net"
	"os"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"
)

func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){"cultuurdag": main})
}

// TestStories runs the stories in testdata. Each has the built program as
// `cultuurdag`, and a site on a private Redis with the commands below.
func TestStories(t *testing.T) {
	if _, err := os.Stat("testdata"); err != nil {
		t.Fatal(err)
	}
	testscript.Run(t, testscript.Params{
		Dir: "testdata",
		Setup: func(env *testscript.Env) error {
			env.Values[siteKey{}] = newStorySite(t, env)
			for _, name := range []string{"ADDR", "ADMIN_ADDR"} {
				listener, err := net.Listen("tcp", "127.0.0.1:0")
				if err != nil {
					return err
				}
				env.Setenv("CULTUURDAG_"+name, listener.Addr().String()) // free a moment ago
				if err := listener.Close(); err != nil {
					return err
				}
			}
			return nil
		},
		Cmds: map[string]func(*testscript.TestScript, bool, []string){
			"redis":   cmdRedis,
			"demo":    cmdDemo,
			"serve":   cmdServe,
			"as":      cmdAs,
			"call":    cmdCall,
			"upload":  cmdUpload,
			"advance": cmdAdvance,
			"until":   cmdUntil,
			"note":    cmdNote,
			"residue": cmdResidue,
		},
	})
}
