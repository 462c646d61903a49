// Command cultuurdag runs culture days for schools: enrolment, allocation,
// lists, and the destruction of it all on the day after. `cultuurdag demo`
// shows the whole of it.
package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"

	"github.com/alecthomas/kong"
)

func main() { os.Exit(run(os.Args[1:], os.Stdin, os.Stdout, os.Stderr)) }

// streams are what a command reads and writes.
type streams struct {
	in       io.Reader
	out, err io.Writer
}

// commands is the command line.
type commands struct {
	Demo    DemoCommand   `cmd:"" help:"Show the whole life of a culture day; needs nothing but Go."`
	Serve   ServeCommand  `cmd:"" help:"Web, sweep and worker in one process (CULTUURDAG_ROLE splits them)."`
	Keygen  KeygenCommand `cmd:"" help:"Make a new master identity and purge-log key."`
	Account struct {
		Add AccountAddCommand `cmd:"" help:"Add an organiser or a contact."`
	} `cmd:"" help:"Staff accounts."`
	Token struct {
		Create TokenCreateCommand `cmd:"" help:"Make an API token; it is printed once."`
	} `cmd:"" help:"API tokens."`
	Purge struct {
		Status PurgeStatusCommand `cmd:"" help:"What is due, done and overdue."`
		Run    PurgeRunCommand    `cmd:"" help:"Run a purge that is due now."`
	} `cmd:"" help:"The purge."`
	PurgeLog struct {
		Export PurgeLogExportCommand `cmd:"" help:"Print the purge log."`
		Verify PurgeLogVerifyCommand `cmd:"" help:"Check the purge log; exit 0 only where chain and signatures hold."`
	} `cmd:"" name:"purge-log" help:"The purge log."`
	Doctor   DoctorCommand   `cmd:"" help:"Check Redis, keys, clock, disk and mail; exit 1 and a sentence for what is wrong."`
	Allocate AllocateCommand `cmd:"" help:"Give out places offline, from a file."`
	Version  VersionCommand  `cmd:"" help:"Print which build this is."`
}

// run does what the command line says and returns the exit status: 0, 1 where
// it failed, 2 where the command line is wrong.
func run(args []string, in io.Reader, out, errs io.Writer) int {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	io := &streams{in, out, errs}
	var c commands
	exit := -1
	parser, err := kong.New(&c,
		kong.Name("cultuurdag"),
		kong.Description("Culture days for schools: enrolment, allocation, lists, and the purge on the day after."),
		kong.Writers(out, errs),
		kong.Exit(func(status int) { exit = status }),
		kong.BindTo(ctx, (*context.Context)(nil)),
		kong.Bind(io),
	)
	if err != nil {
		panic(err) // the structs above are wrong
	}
	command, err := parser.Parse(args)
	if exit >= 0 {
		return exit // --help
	}
	if err != nil {
		fmt.Fprintf(errs, "cultuurdag: %v\n", err)
		return 2
	}
	if err := command.Run(); err != nil {
		fmt.Fprintf(errs, "cultuurdag: %v\n", err)
		return 1
	}
	return 0
}
