#!/usr/bin/env bash
# A real /dev/video0 for the `usb` source, without hardware: Debian's kernel with its made camera (vivid) in a virtual machine.
# Pictures, the driver's time stamps, a busy camera, unplugging and plugging in again. Software emulation; ACCEL=kvm is faster where
# it works.
# Wants: qemu-system-x86, busybox-static, cpio, and apt for Debian's kernel package, which is unpacked, not installed.
set -euo pipefail
cd "$(dirname "$0")/../.."

for program in qemu-system-x86_64 busybox cpio apt-get dpkg-deb; do
  command -v "$program" >/dev/null || {
    echo "v4l2: $program is missing: sudo apt-get install qemu-system-x86 busybox-static cpio" >&2
    exit 1
  }
done

cargo build --locked -p bushbaby --bin bushbaby
work=target/v4l2
mkdir -p "$work"

if ! compgen -G "$work/kernel/boot/vmlinuz-*" >/dev/null; then
  package=$(apt-cache depends linux-image-amd64 | sed -n 's/^ *Depends: //p' | head -1)
  (cd "$work" && apt-get download "$package")
  dpkg-deb -x "$work/$package"_*.deb "$work/kernel"
  rm "$work/$package"_*.deb
fi
kernel=$(compgen -G "$work/kernel/boot/vmlinuz-*" | head -1)
modules=$(compgen -G "$work/kernel/lib/modules/*" | head -1)

root="$work/root"
rm -rf "$root"
mkdir -p "$root/bin" "$root/modules"

# Modules with what they need before them. Those that are built in have no file.
listed=" "
add_module() { # name, options
  local file name=$1 needed
  [[ $listed == *" $name "* ]] && return
  listed+="$name "
  file=$(find "$modules" -name "$name.ko" -o -name "${name//_/-}.ko" | head -1)
  [[ -n $file ]] || return 0
  for needed in $(grep -a -o 'depends=[^[:cntrl:]]*' "$file" | head -1 | sed 's/depends=//; s/,/ /g'); do
    add_module "$needed" ""
  done
  cp "$file" "$root/modules/"
  echo "/modules/$(basename "$file") $2" >>"$root/modules.list"
}
# One webcam, and beside it a device that gives no pictures.
add_module vivid "n_devs=1 node_types=0x40001 num_inputs=1 input_types=0 multiplanar=1"

cp /bin/busybox "$root/bin/busybox"
strip -o "$root/bin/bushbaby" target/debug/bushbaby
for library in $(ldd target/debug/bushbaby | grep -o '/[^ ]*'); do
  mkdir -p "$root$(dirname "$library")"
  cp -L "$library" "$root$library"
done
cp scripts/v4l2/inside.sh "$root/init"
chmod +x "$root/init"
cat >"$root/camera.yaml" <<'YAML'
cameras:
  front:
    usb: 0
    size: 640x360
    controls: {brightness: 100}
YAML
(cd "$root" && find . | cpio --quiet -o -H newc) >"$work/initrd"

timeout 900 qemu-system-x86_64 -machine "accel=${ACCEL:-tcg}" -cpu max -smp 2 -m 2G -nographic -no-reboot -nic none \
  -kernel "$kernel" -initrd "$work/initrd" -append "console=ttyS0 quiet panic=-1" | tee "$work/log"
grep -q "V4L2-TEST PASSED" "$work/log"
