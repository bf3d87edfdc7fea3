// The memory shared with TypeScript. src/native/layout.ts holds the words and their meaning; these are the same numbers, and a
// test compares the two through `layout_numbers`.
#pragma once
#include <bit>
#include <cstddef>
#include <cstdint>

namespace tombolo {

static_assert(std::endian::native == std::endian::little, "slots and virtio headers are little-endian words");

inline constexpr size_t slot_bytes = 128;
namespace slot_at {
inline constexpr size_t sequence = 0, flags = 4, encapsulation = 8, mtu_bytes = 12, endpoint_ip = 16, endpoint_port = 20,
                        socket = 24, id = 28, local = 32, remote = 48, key = 64, move_epoch_sec = 84, budget_bytes = 88,
                        beat_sec = 92;
}
namespace slot_flags {
inline constexpr uint32_t used = 1, enabled = 2, has_endpoint = 4, proven = 8, fixed = 16, answers_echo = 32;
}
namespace encapsulations {
inline constexpr uint32_t none = 0, ayiya = 1, proto41 = 2, udp = 3;
}

inline constexpr size_t net_words = 12;
namespace net_word {
inline constexpr size_t offset = 0, length = 1, source_ip = 2, source_port = 3, tos = 4, socket = 5, verdict = 6,
                        inner_offset = 7, inner_length = 8, slot = 9;
}
namespace net_verdicts {
inline constexpr int32_t drop = 0, verify = 1, bad_signature = 2, accept = 3;
}

inline constexpr size_t tun_words = 14;
namespace tun_word {
inline constexpr size_t offset = 0, length = 1, segment_kind = 2, segment_bytes = 3, needs_checksum = 4, checksum_start = 5,
                        checksum_offset = 6, slot = 7, override_ip = 8, override_port = 9, opcode = 10, tos = 11, result = 12;
}
namespace segment_kinds {
inline constexpr int32_t none = 0, tcp6 = 1, udp6 = 2;
}

namespace ready {
inline constexpr int32_t tun = 1, wake = 2, socket = 4;
}

namespace limits {
inline constexpr size_t net_data_bytes = 524'288, tun_data_bytes = 524'288, craft_bytes = 65'536, net_packets = 256,
                        tun_packets = 256, craft_packets = 32;
}

struct LayoutNumber {
  const char* name;
  uint32_t value;
};

inline constexpr LayoutNumber layout_numbers[] = {
    {"slotBytes", slot_bytes},
    {"slotAt.sequence", slot_at::sequence},
    {"slotAt.flags", slot_at::flags},
    {"slotAt.encapsulation", slot_at::encapsulation},
    {"slotAt.mtuBytes", slot_at::mtu_bytes},
    {"slotAt.endpointIp", slot_at::endpoint_ip},
    {"slotAt.endpointPort", slot_at::endpoint_port},
    {"slotAt.socket", slot_at::socket},
    {"slotAt.id", slot_at::id},
    {"slotAt.local", slot_at::local},
    {"slotAt.remote", slot_at::remote},
    {"slotAt.key", slot_at::key},
    {"slotAt.moveEpochSec", slot_at::move_epoch_sec},
    {"slotAt.budgetBytes", slot_at::budget_bytes},
    {"slotAt.beatSec", slot_at::beat_sec},
    {"slotFlags.used", slot_flags::used},
    {"slotFlags.enabled", slot_flags::enabled},
    {"slotFlags.hasEndpoint", slot_flags::has_endpoint},
    {"slotFlags.proven", slot_flags::proven},
    {"slotFlags.fixed", slot_flags::fixed},
    {"slotFlags.answersEcho", slot_flags::answers_echo},
    {"encapsulations.none", encapsulations::none},
    {"encapsulations.ayiya", encapsulations::ayiya},
    {"encapsulations.proto41", encapsulations::proto41},
    {"encapsulations.udp", encapsulations::udp},
    {"netWords", net_words},
    {"netWord.offset", net_word::offset},
    {"netWord.length", net_word::length},
    {"netWord.sourceIp", net_word::source_ip},
    {"netWord.sourcePort", net_word::source_port},
    {"netWord.tos", net_word::tos},
    {"netWord.socket", net_word::socket},
    {"netWord.verdict", net_word::verdict},
    {"netWord.innerOffset", net_word::inner_offset},
    {"netWord.innerLength", net_word::inner_length},
    {"netWord.slot", net_word::slot},
    {"netVerdicts.drop", net_verdicts::drop},
    {"netVerdicts.verify", net_verdicts::verify},
    {"netVerdicts.badSignature", net_verdicts::bad_signature},
    {"netVerdicts.accept", net_verdicts::accept},
    {"tunWords", tun_words},
    {"tunWord.offset", tun_word::offset},
    {"tunWord.length", tun_word::length},
    {"tunWord.segmentKind", tun_word::segment_kind},
    {"tunWord.segmentBytes", tun_word::segment_bytes},
    {"tunWord.needsChecksum", tun_word::needs_checksum},
    {"tunWord.checksumStart", tun_word::checksum_start},
    {"tunWord.checksumOffset", tun_word::checksum_offset},
    {"tunWord.slot", tun_word::slot},
    {"tunWord.overrideIp", tun_word::override_ip},
    {"tunWord.overridePort", tun_word::override_port},
    {"tunWord.opcode", tun_word::opcode},
    {"tunWord.tos", tun_word::tos},
    {"tunWord.result", tun_word::result},
    {"segmentKinds.none", segment_kinds::none},
    {"segmentKinds.tcp6", segment_kinds::tcp6},
    {"segmentKinds.udp6", segment_kinds::udp6},
    {"ready.tun", ready::tun},
    {"ready.wake", ready::wake},
    {"ready.socket", ready::socket},
    {"limits.netDataBytes", limits::net_data_bytes},
    {"limits.tunDataBytes", limits::tun_data_bytes},
    {"limits.craftBytes", limits::craft_bytes},
    {"limits.netPackets", limits::net_packets},
    {"limits.tunPackets", limits::tun_packets},
    {"limits.craftPackets", limits::craft_packets},
};

}  // namespace tombolo
