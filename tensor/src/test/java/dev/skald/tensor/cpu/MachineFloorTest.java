package dev.skald.tensor.cpu;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class MachineFloorTest {
    @Test
    void isAMeasurement() {
        MachineFloor floor = MachineFloor.measure(2);
        assertThat(floor.threads()).isEqualTo(2);
        assertThat(floor.threadGflops()).isBetween(0.1, 2000.0);
        assertThat(floor.gflops()).isBetween(0.1, 4000.0);
        assertThat(floor.gigabytes()).isBetween(0.1, 2000.0);
    }
}
