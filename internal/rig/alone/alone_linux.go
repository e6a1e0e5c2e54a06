package alone

import (
	"bytes"
	"context"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"

	"golang.org/x/sys/unix"
)

// inside is set for the process that sets the namespace up: the folder in which it leaves what it saw.
const inside = "ALMIRAH_ALONE"

// seen is what the process inside leaves.
type seen struct {
	Calls   []Call
	Lost    uint32 // packets that came faster than they were read
	NotHere string // why the namespace could not be set up
	Failed  string // how the command ended, when not well
}

// Run runs a command in folder dir with more in its environment, in a network of its own, and answers what it called besides the loopback. Its output goes to
// out. The program that calls Run is started again inside, and has to call Inside first of all. The error is ErrNotHere where the kernel refuses; otherwise it says how the command failed, and the calls hold all the same.
func Run(ctx context.Context, dir string, command, more []string, out io.Writer) ([]Call, error) {
	self, err := os.Executable()
	if err != nil {
		return nil, err
	}
	folder, err := os.MkdirTemp("", "almirah-alone-*")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(folder)
	var refused error
	for _, how := range ways() {
		cmd := exec.CommandContext(ctx, self, command...)
		cmd.Dir, cmd.Stdout, cmd.Stderr, cmd.SysProcAttr = dir, out, out, how
		cmd.Env = append(append(os.Environ(), more...), inside+"="+folder)
		if err = cmd.Start(); err != nil {
			if refused = err; forbidden(err) {
				continue
			}
			return nil, err
		}
		ended := cmd.Wait()
		text, err := os.ReadFile(filepath.Join(folder, "seen"))
		if err != nil {
			return nil, errors.Join(ended, err)
		}
		var s seen
		if err := json.Unmarshal(text, &s); err != nil {
			return nil, err
		}
		switch {
		case s.NotHere != "":
			refused = errors.New(s.NotHere)
			continue
		case s.Lost > 0:
			return s.Calls, fmt.Errorf("alone: %d packets were not read: what was seen is not all", s.Lost)
		case s.Failed != "":
			return s.Calls, errors.New(s.Failed)
		}
		return s.Calls, ended
	}
	return nil, errors.Join(ErrNotHere, refused)
}

// ways are the ways to a namespace, the first that the kernel allows is taken. Ids stay what they are, so that programs which refuse to run as root do not.
func ways() []*syscall.SysProcAttr {
	uid, gid := os.Getuid(), os.Getgid()
	caps := []uintptr{unix.CAP_NET_ADMIN, unix.CAP_NET_RAW, unix.CAP_SYS_ADMIN}
	const apart = syscall.CLONE_NEWNET | syscall.CLONE_NEWNS
	mine := func(id int) []syscall.SysProcIDMap {
		return []syscall.SysProcIDMap{{ContainerID: id, HostID: id, Size: 1}}
	}
	one := &syscall.SysProcAttr{Cloneflags: apart | syscall.CLONE_NEWUSER, UidMappings: mine(uid), GidMappings: mine(gid), AmbientCaps: caps, Pdeathsig: syscall.SIGKILL}
	if uid != 0 {
		return []*syscall.SysProcAttr{one}
	}
	all := []syscall.SysProcIDMap{{ContainerID: 0, HostID: 0, Size: 65536}} // a database server of the tests runs under an id of its own
	return []*syscall.SysProcAttr{{Cloneflags: apart, Pdeathsig: syscall.SIGKILL},
		{Cloneflags: apart | syscall.CLONE_NEWUSER, UidMappings: all, GidMappings: all, GidMappingsEnableSetgroups: true, Pdeathsig: syscall.SIGKILL}, one}
}

// forbidden says whether an error is the kernel's no, and not a mistake of ours.
func forbidden(err error) bool {
	for _, no := range []error{unix.EPERM, unix.EACCES, unix.ENOSPC, unix.EUSERS, unix.EINVAL, unix.ENOSYS} {
		if errors.Is(err, no) {
			return true
		}
	}
	return false
}

// Inside does nothing, unless Run has started this program: then it sets the namespace up, runs the command of its arguments, leaves what it saw, and ends
// the process as the command ended. Call it first of all.
func Inside() {
	folder := os.Getenv(inside)
	if folder == "" {
		return
	}
	_ = os.Unsetenv(inside)
	var s seen
	code := 1
	if r, err := setUp(folder); err != nil {
		s.Failed = err.Error()
		if errors.Is(err, unix.EPERM) || errors.Is(err, unix.EACCES) {
			s.NotHere = s.Failed
		}
	} else {
		code = r.attend(&s)
	}
	text, err := json.Marshal(s)
	if err == nil {
		err = os.WriteFile(filepath.Join(folder, "seen"), text, 0o600)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "alone:", err)
		code = 1
	}
	os.Exit(code)
}

// recorder reads packets off the loopback.
type recorder struct {
	fd   int
	stop chan struct{}
	done chan []Call
}

// setUp brings the loopback up, leads the world to it, takes the resolver away, and begins to read.
func setUp(folder string) (*recorder, error) {
	if err := unix.Mount("", "/", "", unix.MS_REC|unix.MS_PRIVATE, ""); err != nil {
		return nil, fmt.Errorf("mounts of its own: %w", err)
	}
	for at, text := range map[string]string{"/etc/resolv.conf": "nameserver " + resolver + "\noptions timeout:1 attempts:1\n", "/etc/nsswitch.conf": "hosts: files dns\n"} {
		if _, err := os.Stat(at); err != nil {
			continue
		}
		file := filepath.Join(folder, filepath.Base(at))
		if err := os.WriteFile(file, []byte(text), 0o644); err != nil { //nolint:gosec // every user inside reads it
			return nil, err
		}
		if err := unix.Mount(file, at, "", unix.MS_BIND, ""); err != nil {
			return nil, fmt.Errorf("%s: %w", at, err)
		}
	}
	lo, err := up()
	if err != nil {
		return nil, fmt.Errorf("the loopback: %w", err)
	}
	if err := worldTo(lo, unix.AF_INET); err != nil {
		return nil, fmt.Errorf("the route: %w", err)
	}
	if _, err := os.Stat("/proc/net/if_inet6"); err == nil {
		if err := worldTo(lo, unix.AF_INET6); err != nil {
			return nil, fmt.Errorf("the route of IPv6: %w", err)
		}
	}
	return listen(lo)
}

// up brings the loopback up and answers its number.
func up() (int, error) {
	fd, err := unix.Socket(unix.AF_INET, unix.SOCK_DGRAM|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return 0, err
	}
	defer unix.Close(fd)
	r, err := unix.NewIfreq("lo")
	if err != nil {
		return 0, err
	}
	r.SetUint16(unix.IFF_UP | unix.IFF_RUNNING | unix.IFF_LOOPBACK)
	if err := unix.IoctlIfreq(fd, unix.SIOCSIFFLAGS, r); err != nil {
		return 0, err
	}
	i, err := net.InterfaceByName("lo")
	if err != nil {
		return 0, err
	}
	return i.Index, nil
}

// worldTo makes every address one of this machine's, at the interface: what ip calls "ip route add local default dev lo".
func worldTo(index int, family uint8) error {
	fd, err := unix.Socket(unix.AF_NETLINK, unix.SOCK_RAW|unix.SOCK_CLOEXEC, unix.NETLINK_ROUTE)
	if err != nil {
		return err
	}
	defer unix.Close(fd)
	var b bytes.Buffer
	const attribute = unix.SizeofRtAttr + 4
	_ = binary.Write(&b, binary.NativeEndian, unix.NlMsghdr{Len: unix.SizeofNlMsghdr + unix.SizeofRtMsg + attribute, Type: unix.RTM_NEWROUTE, Flags: unix.NLM_F_REQUEST | unix.NLM_F_ACK | unix.NLM_F_CREATE | unix.NLM_F_EXCL, Seq: 1})
	_ = binary.Write(&b, binary.NativeEndian, unix.RtMsg{Family: family, Table: unix.RT_TABLE_LOCAL, Protocol: unix.RTPROT_BOOT, Scope: unix.RT_SCOPE_HOST, Type: unix.RTN_LOCAL})
	_ = binary.Write(&b, binary.NativeEndian, unix.RtAttr{Len: attribute, Type: unix.RTA_OIF})
	_ = binary.Write(&b, binary.NativeEndian, uint32(index))
	if err := unix.Sendto(fd, b.Bytes(), 0, &unix.SockaddrNetlink{Family: unix.AF_NETLINK}); err != nil {
		return err
	}
	answer := make([]byte, 4096)
	n, _, err := unix.Recvfrom(fd, answer, 0)
	if err != nil {
		return err
	}
	if n < unix.SizeofNlMsghdr+4 {
		return errors.New("the kernel answers nothing")
	}
	if code := int32(binary.NativeEndian.Uint32(answer[unix.SizeofNlMsghdr:])); code != 0 {
		return unix.Errno(-code)
	}
	return nil
}

// filter lets the recorder have what is not for 127.0.0.0/8 or ::1, and every question for a name. The kernel runs it, so that the tests' own traffic costs nothing.
func filter() []unix.SockFilter {
	const (
		loadByte, loadHalf, loadWord = unix.BPF_LD | unix.BPF_B | unix.BPF_ABS, unix.BPF_LD | unix.BPF_H | unix.BPF_ABS, unix.BPF_LD | unix.BPF_W | unix.BPF_ABS
		equal, and, give             = unix.BPF_JMP | unix.BPF_JEQ | unix.BPF_K, unix.BPF_ALU | unix.BPF_AND | unix.BPF_K, unix.BPF_RET | unix.BPF_K
	)
	return []unix.SockFilter{
		{Code: loadByte, K: 0},
		{Code: and, K: 0xf0},
		{Code: equal, K: 0x40, Jt: 0, Jf: 5}, // IPv4
		{Code: loadByte, K: 16},
		{Code: equal, K: 127, Jt: 0, Jf: 14},                  // to elsewhere: take it
		{Code: unix.BPF_LDX | unix.BPF_B | unix.BPF_MSH},      // the length of the header
		{Code: unix.BPF_LD | unix.BPF_H | unix.BPF_IND, K: 2}, // the port behind it
		{Code: equal, K: 53, Jt: 11, Jf: 12},
		{Code: equal, K: 0x60, Jt: 0, Jf: 10}, // IPv6; what is neither is taken
		{Code: loadWord, K: 24},
		{Code: equal, K: 0, Jt: 0, Jf: 8},
		{Code: loadWord, K: 28},
		{Code: equal, K: 0, Jt: 0, Jf: 6},
		{Code: loadWord, K: 32},
		{Code: equal, K: 0, Jt: 0, Jf: 4},
		{Code: loadWord, K: 36},
		{Code: equal, K: 1, Jt: 0, Jf: 2},
		{Code: loadHalf, K: 42}, // the port
		{Code: equal, K: 53, Jt: 0, Jf: 1},
		{Code: give, K: 512},
		{Code: give, K: 0},
	}
}

// listen begins to read packets at the interface.
func listen(index int) (*recorder, error) {
	const every = unix.ETH_P_ALL>>8 | unix.ETH_P_ALL<<8&0xff00 // in the order of the network
	fd, err := unix.Socket(unix.AF_PACKET, unix.SOCK_DGRAM|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return nil, fmt.Errorf("the recorder: %w", err)
	}
	f := filter()
	prog := unix.SockFprog{Len: uint16(len(f)), Filter: &f[0]}
	if err := unix.SetsockoptSockFprog(fd, unix.SOL_SOCKET, unix.SO_ATTACH_FILTER, &prog); err != nil {
		return nil, fmt.Errorf("the recorder's filter: %w", err)
	}
	if err := unix.SetsockoptInt(fd, unix.SOL_SOCKET, unix.SO_RCVBUF, 4<<20); err != nil {
		return nil, err
	}
	if err := unix.SetsockoptTimeval(fd, unix.SOL_SOCKET, unix.SO_RCVTIMEO, &unix.Timeval{Usec: 100_000}); err != nil {
		return nil, err
	}
	if err := unix.Bind(fd, &unix.SockaddrLinklayer{Protocol: every, Ifindex: index}); err != nil {
		return nil, fmt.Errorf("the recorder: %w", err)
	}
	r := &recorder{fd: fd, stop: make(chan struct{}), done: make(chan []Call)}
	go r.record()
	return r, nil
}

// record reads until it is told to stop and nothing is left.
func (r *recorder) record() {
	known := map[Call]int{}
	var all []Call
	packet := make([]byte, 512)
	for {
		n, from, err := unix.Recvfrom(r.fd, packet, 0)
		if err != nil {
			select {
			case <-r.stop:
				r.done <- all
				return
			default:
			}
			continue
		}
		if at, ok := from.(*unix.SockaddrLinklayer); ok && at.Pkttype == unix.PACKET_OUTGOING { // each is seen leaving and coming; coming counts
			continue
		}
		c, ok := read(packet[:n])
		if !ok {
			continue
		}
		if i, there := known[c]; there {
			all[i].Times++
			continue
		}
		known[c] = len(all)
		all = append(all, c)
	}
}

// attend runs the command of the arguments and answers its exit code.
func (r *recorder) attend(s *seen) int {
	cmd := exec.Command(os.Args[1], os.Args[2:]...) //nolint:gosec // it is the test's own
	cmd.Stdout, cmd.Stderr, cmd.SysProcAttr = os.Stdout, os.Stderr, &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	err := cmd.Run()
	close(r.stop)
	s.Calls = <-r.done
	if st, e := unix.GetsockoptTpacketStats(r.fd, unix.SOL_PACKET, unix.PACKET_STATISTICS); e == nil {
		s.Lost = st.Drops
	} else {
		err = errors.Join(err, e)
	}
	if err != nil {
		s.Failed = err.Error()
		return 1
	}
	return 0
}
