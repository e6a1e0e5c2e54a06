// Package oracle holds what we send and read beside other people's readings of the same formats:
// the npm packages of tools/oracles, run by Node, and the providers' own OpenAPI descriptions,
// served by Prism. Tests only.
package oracle

import (
	"bytes"
	"encoding/json"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"syscall"
	"testing"
	"time"
)

// folder is tools/oracles, wherever the test runs.
func folder() string {
	_, here, _, _ := runtime.Caller(0)
	return filepath.Join(filepath.Dir(here), "..", "..", "..", "tools", "oracles")
}

// lacking skips by name what the machine lacks; where everything must run, lacking it is a failure.
func lacking(t testing.TB, what string) {
	t.Helper()
	if os.Getenv("ALMIRAH_STRICT") == "1" {
		t.Fatalf("%s is not here: run make deps", what)
	}
	t.Skipf("%s is not here: run make deps", what)
}

func node(t testing.TB) string {
	t.Helper()
	bin, err := exec.LookPath("node")
	if err != nil {
		lacking(t, "node")
	}
	if _, err := os.Stat(filepath.Join(folder(), "node_modules", ".package-lock.json")); err != nil {
		lacking(t, "the npm packages of tools/oracles")
	}
	return bin
}

// Ask runs a script of tools/oracles ("twilio.mjs"): in goes to its standard input as JSON, and
// what it prints is read into out.
func Ask(t testing.TB, script string, in, out any) {
	t.Helper()
	body, err := json.Marshal(in)
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(node(t), script)
	cmd.Dir = folder()
	cmd.Stdin = bytes.NewReader(body)
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	said, err := cmd.Output()
	if err != nil {
		t.Fatalf("%s: %v\n%s", script, err, stderr.String())
	}
	if err := json.Unmarshal(said, out); err != nil {
		t.Fatalf("%s printed no JSON: %v\n%.400s", script, err, said)
	}
}

// Reference is a file of the reference data; the test is skipped by name where there is none.
// make check-reference says where they lie (ALMIRAH_REFERENCE_DATA); without it nothing is looked for.
func Reference(t testing.TB, name string) string {
	t.Helper()
	dir := os.Getenv("ALMIRAH_REFERENCE_DATA")
	if dir == "" {
		t.Skip("reference data are looked at by make check-reference")
	}
	file := filepath.Join(dir, name)
	if _, err := os.Stat(file); err != nil {
		t.Fatalf("ALMIRAH_REFERENCE_DATA holds no %s", name)
	}
	return file
}

// Prism serves an OpenAPI description of the reference data and checks every request against it:
// what does not fit is answered with 422, 401 or 404. It answers the address, without a slash at its end.
func Prism(t testing.TB, description string) string {
	t.Helper()
	file := Reference(t, description)
	bin := node(t)
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	_, port, _ := net.SplitHostPort(l.Addr().String())
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(bin, filepath.Join(folder(), "node_modules", ".bin", "prism"), "mock", "-h", "127.0.0.1", "-p", port, "--errors", file)
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	var said bytes.Buffer
	cmd.Stdout, cmd.Stderr = &said, &said
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	ended := make(chan struct{})
	go func() { _ = cmd.Wait(); close(ended) }()
	t.Cleanup(func() { _ = syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL); <-ended })
	at := "http://127.0.0.1:" + port
	for range 600 { // reading a description of a megabyte takes some seconds
		select {
		case <-ended:
			t.Fatalf("prism ended: %.800s", said.String())
		case <-time.After(100 * time.Millisecond):
		}
		if res, err := http.Get(at + "/"); err == nil {
			_ = res.Body.Close()
			return at
		}
	}
	t.Fatal("prism did not start within a minute")
	return ""
}

// FHIRSchema is the JSON schema of FHIR R4 as HL7 publishes it, out of the npm packages of tools/oracles; the test is skipped by name where it is not.
func FHIRSchema(t testing.TB) string {
	t.Helper()
	file := filepath.Join(folder(), "node_modules", "@medplum", "definitions", "dist", "fhir", "r4", "fhir.schema.json")
	if _, err := os.Stat(file); err != nil {
		lacking(t, "the npm packages of tools/oracles")
	}
	return file
}
